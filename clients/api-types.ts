// The API as types. Written by `npm run generate` from the API's own document: change the routes, not this.
export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is the process up? */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "healthy";
                            uptimeMs: number;
                            timestamp: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Can it reach the table, the queue and a backend? */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ready" | "not_ready";
                            checks: {
                                [key: string]: string;
                            };
                        };
                    };
                };
                /** @description Not all; `checks` names what failed */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ready" | "not_ready";
                            checks: {
                                [key: string]: string;
                            };
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is calling: by session or by key */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The holder of the key */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Exchange an API key for a session cookie */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        apiKey: string;
                    };
                };
            };
            responses: {
                /** @description Signed in; writes carry `csrfToken` as X-CSRF-Token */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description The key is not valid */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Sign out */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The cookie is gone */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the workspace's tasks, newest first */
        get: {
            parameters: {
                query?: {
                    status?: "queued" | "launching" | "running" | "verifying" | "publishing" | "completed" | "failed" | "killed";
                    priority?: number;
                    repository?: string;
                    label?: string;
                    limit?: number;
                    cursor?: string;
                    workspace?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description One page; `nextCursor` is absent on the last. With filters a page may be short, or empty, and go on */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            tasks: components["schemas"]["TaskSummary"][];
                            unreadable?: string[];
                            nextCursor?: string;
                        };
                    };
                };
                /** @description A filter, the limit or the cursor is not valid */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Submit a task */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        repository: string;
                        branch?: string;
                        prompt: string;
                        title?: string;
                        agent: {
                            /** @enum {string} */
                            kind: "command";
                            command: string[];
                        } | {
                            /** @enum {string} */
                            kind: "model";
                            /**
                             * @default worker
                             * @enum {string}
                             */
                            type?: "worker" | "reviewer" | "tester";
                            model?: string;
                            skills?: string[];
                            /** @default anthropic */
                            credential?: string;
                        };
                        /** @default 5 */
                        priority?: number;
                        /** @default 3 */
                        maxAttempts?: number;
                        retryBackoffMs?: number[];
                        credential?: string;
                        labels?: string[];
                        /** @default default */
                        backend?: string;
                        /** Format: date-time */
                        notBefore?: string;
                        delayMs?: number;
                        /** @default {} */
                        limits?: {
                            wallClockMs?: number;
                            tokens?: number;
                            dollars?: number;
                            turns?: number;
                            rejections?: number;
                        };
                        estimatedTokens?: number;
                        gates?: {
                            profile?: string;
                            gates?: string[];
                        };
                        yolo?: {
                            reason: string;
                        };
                        allowConfigChanges?: string[];
                        pullRequest?: {
                            base?: string;
                            draft?: boolean;
                            title?: string;
                        };
                        issue?: {
                            number: number;
                        };
                    };
                };
            };
            responses: {
                /** @description The same Idempotency-Key made this task before */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Task"];
                    };
                };
                /** @description The task is queued */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Task"];
                    };
                };
                /** @description The request is not valid */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid API key */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The repository, branch, credential or backend cannot be used, or no sandbox can be made */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a task with its attempts */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The task */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Task"];
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a queued task, given the version that was read */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        version: number;
                        title?: string;
                        prompt?: string;
                        priority?: number;
                        maxAttempts?: number;
                        labels?: string[];
                        limits?: {
                            wallClockMs?: number;
                            tokens?: number;
                            dollars?: number;
                            turns?: number;
                            rejections?: number;
                        };
                        gates?: {
                            profile?: string;
                            gates?: string[];
                        };
                        allowConfigChanges?: string[];
                        /** Format: date-time */
                        notBefore?: string;
                    };
                };
            };
            responses: {
                /** @description The changed task */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Task"];
                    };
                };
                /** @description The task belongs to somebody else */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not in its present state, or not at the version that was given */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the log of an attempt; of the last one, unless another is named */
        get: {
            parameters: {
                query?: {
                    attempt?: number;
                };
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The log */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description There is no such task, or the attempt has not left it */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the diff of an attempt; of the last one, unless another is named */
        get: {
            parameters: {
                query?: {
                    attempt?: number;
                };
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The diff */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description There is no such task, or the attempt has not left it */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/transcript": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the transcript of an attempt; of the last one, unless another is named */
        get: {
            parameters: {
                query?: {
                    attempt?: number;
                };
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The transcript */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description There is no such task, or the attempt has not left it */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/verdicts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the verdicts of an attempt; of the last one, unless another is named */
        get: {
            parameters: {
                query?: {
                    attempt?: number;
                };
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The verdicts */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description There is no such task, or the attempt has not left it */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/gates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the gates of an attempt; of the last one, unless another is named */
        get: {
            parameters: {
                query?: {
                    attempt?: number;
                };
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The gates */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description There is no such task, or the attempt has not left it */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many tasks are in which state, of one workspace or of all */
        get: {
            parameters: {
                query?: {
                    workspace?: string;
                    everything?: "true" | "false";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The counts */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            queued: number;
                            delayed: number;
                            /** @enum {boolean} */
                            moreDelayed?: true;
                            launching: number;
                            running: number;
                            verifying: number;
                            publishing: number;
                            completed: number;
                            failed: number;
                            killed: number;
                            workspaces?: number;
                        };
                    };
                };
                /** @description The key may not look at that workspace, or at all of them */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The workspaces that the key may look at */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them for a super admin, its own for any other */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            workspaces: string[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/stats/hours": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What ended and what models have cost in each hour of the last day, oldest first */
        get: {
            parameters: {
                query?: {
                    workspace?: string;
                    everything?: "true" | "false";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description This hour so far, and the 24 before it */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            hours: components["schemas"]["Hour"][];
                        };
                    };
                };
                /** @description The key may not look at that workspace, or at all of them */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Withdraw a queued task */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /** @default cancelled */
                        reason?: string;
                    };
                };
            };
            responses: {
                /** @description The task, killed with cause `cancelled` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Task"];
                    };
                };
                /** @description The task belongs to somebody else */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not in its present state, or not at the version that was given */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask again for what a failed or killed task asked for, as a new task */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The retry that was asked for before and has not ended badly */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Task"];
                    };
                };
                /** @description The new task; `retryOf` names the old one */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Task"];
                    };
                };
                /** @description The task belongs to somebody else */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not in its present state, or not at the version that was given */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what was said to the agent of a task */
        get: {
            parameters: {
                query?: {
                    after?: number | null;
                };
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description At most 100, oldest first, from the one after number `after` */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            messages: {
                                number: number;
                                at: string;
                                by: string;
                                text: string;
                            }[];
                        };
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Say something to the agent of a task; it hears it before its next turn */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        text: string;
                    };
                };
            };
            responses: {
                /** @description The message */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            number: number;
                            at: string;
                            by: string;
                            text: string;
                        };
                    };
                };
                /** @description The task belongs to somebody else */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The task has ended or is being published, or its agent reads no messages */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/kill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Kill a task now */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Killed: from now on nothing that the task does is accepted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            task: components["schemas"]["TaskSummary"];
                            /** @enum {string} */
                            stop: "not_needed" | "requested" | "pending";
                        };
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The task has already ended */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/kill-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop a workspace: nothing is admitted, and nothing its tasks do is accepted any more */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Fenced from now on; the kills that follow go on */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            operationId: string;
                            scope: string;
                            total?: number;
                            killed: number;
                            failed: number;
                            remaining?: number;
                            finished: boolean;
                            errors: {
                                taskId: string;
                                message: string;
                            }[];
                            errorsLeftOut: number;
                        };
                    };
                };
                /** @description The key has not the right to stop this scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/emergency-stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop everything */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Fenced from now on; the kills that follow go on */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            operationId: string;
                            scope: string;
                            total?: number;
                            killed: number;
                            failed: number;
                            remaining?: number;
                            finished: boolean;
                            errors: {
                                taskId: string;
                                message: string;
                            }[];
                            errorsLeftOut: number;
                        };
                    };
                };
                /** @description The key has not the right to stop this scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/operations/{operationId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far has a stop come? */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    operationId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The operation */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            operationId: string;
                            scope: string;
                            total?: number;
                            killed: number;
                            failed: number;
                            remaining?: number;
                            finished: boolean;
                            errors: {
                                taskId: string;
                                message: string;
                            }[];
                            errorsLeftOut: number;
                        };
                    };
                };
                /** @description There is no such operation */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** release: a workspace */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/global/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** release: everything */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** pause: a workspace */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/global/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** pause: everything */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** resume: a workspace */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/global/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** resume: everything */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/forbid-yolo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** forbid-yolo: a workspace */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/global/forbid-yolo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** forbid-yolo: everything */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/allow-yolo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** allow-yolo: a workspace */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/global/allow-yolo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** allow-yolo: everything */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is a workspace stopped or paused? */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Its switch */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/global/switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is everything stopped or paused? */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The global switch */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/backends/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read one backend */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The backend */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Backend"];
                    };
                };
                /** @description There is no such backend */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Revoke a backend: nothing new lands there, and its tasks are killed */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Fenced from now on; the kills that follow go on */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            operationId: string;
                            scope: string;
                            total?: number;
                            killed: number;
                            failed: number;
                            remaining?: number;
                            finished: boolean;
                            errors: {
                                taskId: string;
                                message: string;
                            }[];
                            errorsLeftOut: number;
                        };
                    };
                };
                /** @description The key has not the right to stop this scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such backend */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Change the slot limit or the note of a backend */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        slots?: number | null;
                        note?: string;
                    };
                };
            };
            responses: {
                /** @description The backend */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Backend"];
                    };
                };
                /** @description The key is not a super admin */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such backend */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/orchestrator/backends": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the backends, with what the last checks found */
        get: {
            parameters: {
                query?: {
                    revoked?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description By name; one that was revoked only while attempts live on it, unless `revoked=true` asks for all */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            backends: components["schemas"]["Backend"][];
                        };
                    };
                };
            };
        };
        put?: never;
        /** Add a backend, or bring back one that was revoked; it is checked at once */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /**
                         * @default ecs
                         * @enum {string}
                         */
                        kind?: "ecs";
                        cluster?: string;
                        taskDefinition?: string;
                        region?: string;
                        /** Format: uri */
                        endpoint?: string;
                        subnets?: string[];
                        securityGroups?: string[];
                        assignPublicIp?: boolean;
                        slots?: number;
                        note?: string;
                    };
                };
            };
            responses: {
                /** @description The backend; its health says whether it can be reached */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Backend"];
                    };
                };
                /** @description The key is not a super admin */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The name is in use, or belongs to a backend that was elsewhere */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description It is not declared, so drover has no rights to it */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/backends/{name}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check now whether a backend can be reached */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What was found, whether it could be reached or not */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BackendHealth"];
                    };
                };
                /** @description The key is a member's */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such backend */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/backends/{name}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** release: a backend; one that was revoked is back as it was */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such backend */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/backends/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** pause: a backend */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such backend */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/backends/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** resume: a backend */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The switch as it now is; `changed` is false when it already was */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            scope: string;
                            generation: number;
                            stopped: boolean;
                            paused: boolean;
                            yoloForbidden?: boolean;
                            by?: string;
                            reason?: string;
                            at?: string;
                            stoppedBy?: string;
                            stopReason?: string;
                            stoppedAt?: string;
                            changed: boolean;
                        };
                    };
                };
                /** @description The key has not the right to do this */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such backend */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the API keys of a workspace */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The keys, without their secrets */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            keys: {
                                keyId: string;
                                name: string;
                                principal: string;
                                /** @enum {string} */
                                role: "member" | "workspace_admin" | "super_admin";
                                workspace: string;
                                requestsPerMinute?: number;
                                createdAt: string;
                                revokedAt?: string;
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        /** Make an API key; it is shown in this answer only */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        principal?: string;
                        /**
                         * @default member
                         * @enum {string}
                         */
                        role?: "member" | "workspace_admin" | "super_admin";
                        requestsPerMinute?: number;
                    };
                };
            };
            responses: {
                /** @description The key */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            keyId: string;
                            name: string;
                            principal: string;
                            /** @enum {string} */
                            role: "member" | "workspace_admin" | "super_admin";
                            workspace: string;
                            requestsPerMinute?: number;
                            createdAt: string;
                            revokedAt?: string;
                            apiKey: string;
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/keys/{keyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an API key */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    keyId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The revoked key */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            keyId: string;
                            name: string;
                            principal: string;
                            /** @enum {string} */
                            role: "member" | "workspace_admin" | "super_admin";
                            workspace: string;
                            requestsPerMinute?: number;
                            createdAt: string;
                            revokedAt?: string;
                        };
                    };
                };
                /** @description The key is not an admin of that workspace, or it is a super admin's that is to be revoked */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/agents/spawn": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask for an agent: a task, in a coordinator's words */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        repository: string;
                        branch?: string;
                        prompt?: string;
                        title?: string;
                        agent: {
                            /** @enum {string} */
                            kind: "command";
                            command: string[];
                        } | {
                            /** @enum {string} */
                            kind: "model";
                            /**
                             * @default worker
                             * @enum {string}
                             */
                            type?: "worker" | "reviewer" | "tester";
                            model?: string;
                            skills?: string[];
                            /** @default anthropic */
                            credential?: string;
                        };
                        /** @default 5 */
                        priority?: number;
                        /** @default 3 */
                        maxAttempts?: number;
                        retryBackoffMs?: number[];
                        credential?: string;
                        labels?: string[];
                        /** @default default */
                        backend?: string;
                        /** Format: date-time */
                        notBefore?: string;
                        delayMs?: number;
                        /** @default {} */
                        limits?: {
                            wallClockMs?: number;
                            tokens?: number;
                            dollars?: number;
                            turns?: number;
                            rejections?: number;
                        };
                        estimatedTokens?: number;
                        gates?: {
                            profile?: string;
                            gates?: string[];
                        };
                        yolo?: {
                            reason: string;
                        };
                        allowConfigChanges?: string[];
                        pullRequest?: {
                            base?: string;
                            draft?: boolean;
                            title?: string;
                        };
                        issue?: {
                            number: number;
                        };
                        workItems?: string[];
                    };
                };
            };
            responses: {
                /** @description The agent that the same Idempotency-Key was given before */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            agentId: string;
                            taskId: string;
                            /** @enum {string} */
                            status: "queued" | "spawning" | "running" | "completed" | "failed" | "killed";
                            taskStatus: string;
                            step?: string;
                            lastBeatSeq?: number;
                        };
                    };
                };
                /** @description It is queued; the agent's id is known already */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            agentId: string;
                            taskId: string;
                            /** @enum {string} */
                            status: "queued" | "spawning" | "running" | "completed" | "failed" | "killed";
                            taskStatus: string;
                            step?: string;
                            lastBeatSeq?: number;
                        };
                    };
                };
                /** @description A field is not valid */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The repository, branch, credential or backend cannot be used */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The agents of the workspace that run or wait */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Those that run, then those that wait, each newest first */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            agents: {
                                agentId: string;
                                taskId: string;
                                /** @enum {string} */
                                status: "queued" | "spawning" | "running" | "completed" | "failed" | "killed";
                                taskStatus: string;
                                step?: string;
                                lastBeatSeq?: number;
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/agents/{agentId}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is an agent doing? */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agentId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The agent */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            agentId: string;
                            taskId: string;
                            /** @enum {string} */
                            status: "queued" | "spawning" | "running" | "completed" | "failed" | "killed";
                            taskStatus: string;
                            step?: string;
                            lastBeatSeq?: number;
                        };
                    };
                };
                /** @description There is no such agent */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/agents/{agentId}/kill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Kill an agent, and its task with it */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agentId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Killed */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            agentId: string;
                            taskId: string;
                            /** @enum {string} */
                            status: "queued" | "spawning" | "running" | "completed" | "failed" | "killed";
                            taskStatus: string;
                            step?: string;
                            lastBeatSeq?: number;
                        };
                    };
                };
                /** @description There is no such agent */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description It has ended already, or another attempt has taken its place */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/agents/kill-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop the workspace of the key, as workspaces/{workspace}/kill-all does */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Fenced; the kills go on */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            operationId: string;
                            scope: string;
                            total?: number;
                            killed: number;
                            failed: number;
                            remaining?: number;
                            finished: boolean;
                            errors: {
                                taskId: string;
                                message: string;
                            }[];
                            errorsLeftOut: number;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follow a task: its audit events, and the progress of the running attempt */
        get: {
            parameters: {
                query?: never;
                header?: {
                    "last-event-id"?: string;
                };
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Events `audit` and `progress`, then `end` once the task has ended and its stop is confirmed */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/agents/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follow all tasks of the workspace */
        get: {
            parameters: {
                query?: {
                    workspace?: string;
                };
                header?: {
                    "last-event-id"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Events `audit`, each with a stable id: after a break some come again, and a client drops the ids it has seen. A new client, or one that is too far behind, gets a `snapshot` of the active tasks first */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/credentials/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set a git token or a model key of the workspace; it can be replaced and used, never read */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @default x-access-token */
                        username?: string;
                        token: string;
                        repositories?: string[];
                        model?: {
                            /**
                             * @default anthropic
                             * @enum {string}
                             */
                            provider?: "anthropic" | "bedrock";
                            /** Format: uri */
                            baseUrl?: string;
                            region?: string;
                        };
                        forge?: {
                            /** @enum {string} */
                            kind: "github" | "gitea";
                            /** Format: uri */
                            apiUrl?: string;
                        };
                    };
                };
            };
            responses: {
                /** @description Stored */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The name or the token is not valid */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Remove a credential; what runs goes on with what it was given */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such credential */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The names of the workspace's credentials, and whose provider is out of quota; what they hold is never read */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The names */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            names: string[];
                            paused: {
                                name: string;
                                until: string;
                            }[];
                        };
                    };
                };
                /** @description The key is not of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/credentials/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The provider behind a credential has quota again: what waits for it may run */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description `resumed` is false when it was not paused */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            resumed: boolean;
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/quality/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Did the gates accept an agent's work? What cannot be read is not approved */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        taskId: string;
                        agentId: string;
                        /** @default [] */
                        files?: string[];
                        /** @default  */
                        diffSummary?: string;
                    };
                };
            };
            responses: {
                /** @description `gate` is the one that decided */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            approved: boolean;
                            gate: string;
                            message: string;
                            details: {
                                [key: string]: unknown;
                            };
                        };
                    };
                };
                /** @description The request is not valid, or the agent is not one of that task */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such task */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Stream the audit log: a header, every event and act chain by chain, and an end that says how many */
        get: {
            parameters: {
                query?: {
                    /** @description One workspace; without it everything for a super admin, and the admin's own workspace for others */
                    workspace?: string;
                    from?: string;
                    to?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Verify it with `drover verify`; one without its end is not complete */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-ndjson": string;
                    };
                };
                /** @description The key is not an admin of that workspace, or of all when none is named */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/audit/digests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Stream the daily digests that the audit log is verified against, one a line */
        get: {
            parameters: {
                query?: {
                    /** @description One workspace; without it everything for a super admin, and the admin's own workspace for others */
                    workspace?: string;
                    after?: number | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The digests; with a workspace, its part of each and the hashes of the others */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-ndjson": string;
                    };
                };
                /** @description The key is not an admin of that workspace, or of all when none is named */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/audit/key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public key of the digests' signatures */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Ed25519, SPKI in base64 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            algorithm: "ed25519";
                            publicKey: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the webhooks of a workspace */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The webhooks, without their secrets */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            webhooks: {
                                webhookId: string;
                                url: string;
                                events: ("task.completed" | "task.failed" | "task.killed" | "task.escalated")[];
                                createdBy: string;
                                createdAt: string;
                                restsUntil?: string;
                            }[];
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Have the workspace's notices sent to a URL; the secret that signs them is shown in this answer only */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        url: string;
                        /**
                         * @default [
                         *       "task.completed",
                         *       "task.failed",
                         *       "task.killed",
                         *       "task.escalated"
                         *     ]
                         */
                        events?: ("task.completed" | "task.failed" | "task.killed" | "task.escalated")[];
                    };
                };
            };
            responses: {
                /** @description The webhook */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            webhookId: string;
                            url: string;
                            events: ("task.completed" | "task.failed" | "task.killed" | "task.escalated")[];
                            createdBy: string;
                            createdAt: string;
                            restsUntil?: string;
                            secret: string;
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Notices may not be sent to that URL, or there are too many webhooks */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/webhooks/{webhookId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a webhook with its secret; deliveries under way fail */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    webhookId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such webhook, or the webhook no such delivery */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/webhooks/{webhookId}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was sent to a webhook, newest first, and what came of it */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    workspace: string;
                    webhookId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description One page; `nextCursor` is absent on the last */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            deliveries: {
                                deliveryId: string;
                                messageId: string;
                                /** @enum {string} */
                                type: "task.completed" | "task.failed" | "task.killed" | "task.escalated";
                                taskId: string;
                                /** @enum {string} */
                                state: "pending" | "delivered" | "failed";
                                createdAt: string;
                                attempts: number;
                                maxAttempts: number;
                                nextAt?: string;
                                tries: {
                                    at: string;
                                    durationMs: number;
                                    status?: number;
                                    why?: string;
                                }[];
                                payload: string;
                            }[];
                            nextCursor?: string;
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such webhook, or the webhook no such delivery */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/webhooks/{webhookId}/deliveries/{deliveryId}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a delivery again, under the same webhook-id */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    webhookId: string;
                    deliveryId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It will be sent at once */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            deliveryId: string;
                            messageId: string;
                            /** @enum {string} */
                            type: "task.completed" | "task.failed" | "task.killed" | "task.escalated";
                            taskId: string;
                            /** @enum {string} */
                            state: "pending" | "delivered" | "failed";
                            createdAt: string;
                            attempts: number;
                            maxAttempts: number;
                            nextAt?: string;
                            tries: {
                                at: string;
                                durationMs: number;
                                status?: number;
                                why?: string;
                            }[];
                            payload: string;
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such webhook, or the webhook no such delivery */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was told on the task's issue, and what came of every try */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    taskId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description One page, newest first; `nextCursor` is absent on the last */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            deliveries: {
                                deliveryId: string;
                                messageId: string;
                                /** @enum {string} */
                                type: "task.completed" | "task.failed" | "task.killed" | "task.escalated";
                                taskId: string;
                                /** @enum {string} */
                                state: "pending" | "delivered" | "failed";
                                createdAt: string;
                                attempts: number;
                                maxAttempts: number;
                                nextAt?: string;
                                tries: {
                                    at: string;
                                    durationMs: number;
                                    status?: number;
                                    why?: string;
                                }[];
                                payload: string;
                            }[];
                            nextCursor?: string;
                        };
                    };
                };
                /** @description There is no such task, or it has no such delivery */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/tasks/{taskId}/deliveries/{deliveryId}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try again to comment on the task's issue; a comment that is there stays the only one */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    taskId: string;
                    deliveryId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It will be tried at once */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            deliveryId: string;
                            messageId: string;
                            /** @enum {string} */
                            type: "task.completed" | "task.failed" | "task.killed" | "task.escalated";
                            taskId: string;
                            /** @enum {string} */
                            state: "pending" | "delivered" | "failed";
                            createdAt: string;
                            attempts: number;
                            maxAttempts: number;
                            nextAt?: string;
                            tries: {
                                at: string;
                                durationMs: number;
                                status?: number;
                                why?: string;
                            }[];
                            payload: string;
                        };
                    };
                };
                /** @description The task is somebody else's */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such task, or it has no such delivery */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the sources of a workspace */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The sources, without their secrets */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            sources: {
                                name: string;
                                /** @enum {string} */
                                kind: "github" | "gitea";
                                repositories: string[];
                                trigger: {
                                    label?: string;
                                    assignee?: string;
                                    command?: string;
                                };
                                task: {
                                    branch?: string;
                                    agent: {
                                        /** @enum {string} */
                                        kind: "command";
                                        command: string[];
                                    } | {
                                        /** @enum {string} */
                                        kind: "model";
                                        /**
                                         * @default worker
                                         * @enum {string}
                                         */
                                        type?: "worker" | "reviewer" | "tester";
                                        model?: string;
                                        skills?: string[];
                                        /** @default anthropic */
                                        credential?: string;
                                    };
                                    /** @default 5 */
                                    priority?: number;
                                    /** @default 3 */
                                    maxAttempts?: number;
                                    retryBackoffMs?: number[];
                                    credential?: string;
                                    labels?: string[];
                                    /** @default default */
                                    backend?: string;
                                    /** @default {} */
                                    limits?: {
                                        wallClockMs?: number;
                                        tokens?: number;
                                        dollars?: number;
                                        turns?: number;
                                        rejections?: number;
                                    };
                                    estimatedTokens?: number;
                                    gates?: {
                                        profile?: string;
                                        gates?: string[];
                                    };
                                    yolo?: {
                                        reason: string;
                                    };
                                    allowConfigChanges?: string[];
                                    pullRequest?: {
                                        base?: string;
                                        draft?: boolean;
                                        title?: string;
                                    };
                                };
                                allowedUsers?: string[];
                                sourceId: string;
                                path: string;
                                createdBy: string;
                                createdAt: string;
                            }[];
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Have issues of a forge become tasks; the secret for the forge is shown in this answer only */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /** @enum {string} */
                        kind: "github" | "gitea";
                        repositories: string[];
                        trigger: {
                            label?: string;
                            assignee?: string;
                            command?: string;
                        };
                        task: {
                            branch?: string;
                            agent: {
                                /** @enum {string} */
                                kind: "command";
                                command: string[];
                            } | {
                                /** @enum {string} */
                                kind: "model";
                                /**
                                 * @default worker
                                 * @enum {string}
                                 */
                                type?: "worker" | "reviewer" | "tester";
                                model?: string;
                                skills?: string[];
                                /** @default anthropic */
                                credential?: string;
                            };
                            /** @default 5 */
                            priority?: number;
                            /** @default 3 */
                            maxAttempts?: number;
                            retryBackoffMs?: number[];
                            credential?: string;
                            labels?: string[];
                            /** @default default */
                            backend?: string;
                            /** @default {} */
                            limits?: {
                                wallClockMs?: number;
                                tokens?: number;
                                dollars?: number;
                                turns?: number;
                                rejections?: number;
                            };
                            estimatedTokens?: number;
                            gates?: {
                                profile?: string;
                                gates?: string[];
                            };
                            yolo?: {
                                reason: string;
                            };
                            allowConfigChanges?: string[];
                            pullRequest?: {
                                base?: string;
                                draft?: boolean;
                                title?: string;
                            };
                        };
                        allowedUsers?: string[];
                    };
                };
            };
            responses: {
                /** @description The source */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            name: string;
                            /** @enum {string} */
                            kind: "github" | "gitea";
                            repositories: string[];
                            trigger: {
                                label?: string;
                                assignee?: string;
                                command?: string;
                            };
                            task: {
                                branch?: string;
                                agent: {
                                    /** @enum {string} */
                                    kind: "command";
                                    command: string[];
                                } | {
                                    /** @enum {string} */
                                    kind: "model";
                                    /**
                                     * @default worker
                                     * @enum {string}
                                     */
                                    type?: "worker" | "reviewer" | "tester";
                                    model?: string;
                                    skills?: string[];
                                    /** @default anthropic */
                                    credential?: string;
                                };
                                /** @default 5 */
                                priority?: number;
                                /** @default 3 */
                                maxAttempts?: number;
                                retryBackoffMs?: number[];
                                credential?: string;
                                labels?: string[];
                                /** @default default */
                                backend?: string;
                                /** @default {} */
                                limits?: {
                                    wallClockMs?: number;
                                    tokens?: number;
                                    dollars?: number;
                                    turns?: number;
                                    rejections?: number;
                                };
                                estimatedTokens?: number;
                                gates?: {
                                    profile?: string;
                                    gates?: string[];
                                };
                                yolo?: {
                                    reason: string;
                                };
                                allowConfigChanges?: string[];
                                pullRequest?: {
                                    base?: string;
                                    draft?: boolean;
                                    title?: string;
                                };
                            };
                            allowedUsers?: string[];
                            sourceId: string;
                            path: string;
                            createdBy: string;
                            createdAt: string;
                            secret: string;
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has a source of that name */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There are too many sources */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/sources/{sourceId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a source with its secret; its tasks go on */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    sourceId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such source */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hooks/{sourceId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A webhook of GitHub, Gitea or Forgejo, as JSON: a labelled or assigned issue, or a command in a comment
         * @description Signed with the source's secret: HMAC-SHA256 over the body, in X-Hub-Signature-256, X-Gitea-Signature or X-Forgejo-Signature.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    sourceId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It was a task before, or none is meant */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            taskId?: string;
                            ignored?: string;
                        };
                    };
                };
                /** @description It is a task now */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            taskId: string;
                        };
                    };
                };
                /** @description No source of that id has signed it */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description It cannot be read, or the task cannot be admitted as the source asks for it */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The source has asked for too many tasks in this minute, or the queue is full: have it delivered again */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the schedules of a workspace, with their next time and what became of the last one */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The schedules */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            schedules: components["schemas"]["Schedule"][];
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Have a task asked for at the times of a cron expression */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        cron: string;
                        /** @default UTC */
                        timezone?: string;
                        task: {
                            repository: string;
                            branch?: string;
                            prompt: string;
                            title?: string;
                            agent: {
                                /** @enum {string} */
                                kind: "command";
                                command: string[];
                            } | {
                                /** @enum {string} */
                                kind: "model";
                                /**
                                 * @default worker
                                 * @enum {string}
                                 */
                                type?: "worker" | "reviewer" | "tester";
                                model?: string;
                                skills?: string[];
                                /** @default anthropic */
                                credential?: string;
                            };
                            /** @default 5 */
                            priority?: number;
                            /** @default 3 */
                            maxAttempts?: number;
                            retryBackoffMs?: number[];
                            credential?: string;
                            labels?: string[];
                            /** @default default */
                            backend?: string;
                            delayMs?: number;
                            /** @default {} */
                            limits?: {
                                wallClockMs?: number;
                                tokens?: number;
                                dollars?: number;
                                turns?: number;
                                rejections?: number;
                            };
                            estimatedTokens?: number;
                            gates?: {
                                profile?: string;
                                gates?: string[];
                            };
                            yolo?: {
                                reason: string;
                            };
                            allowConfigChanges?: string[];
                            pullRequest?: {
                                base?: string;
                                draft?: boolean;
                                title?: string;
                            };
                            issue?: {
                                number: number;
                            };
                        };
                        /** @default false */
                        paused?: boolean;
                    };
                };
            };
            responses: {
                /** @description The schedule */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schedule"];
                    };
                };
                /** @description The schedule cannot be read, or never comes */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has a schedule of that name */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There are too many schedules */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/schedules/{scheduleId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a schedule; its tasks go on */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    scheduleId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such schedule */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Pause, resume or change a schedule; what was due while it was paused is not made up for */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    workspace: string;
                    scheduleId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name?: string;
                        cron?: string;
                        timezone?: string;
                        task?: {
                            repository: string;
                            branch?: string;
                            prompt: string;
                            title?: string;
                            agent: {
                                /** @enum {string} */
                                kind: "command";
                                command: string[];
                            } | {
                                /** @enum {string} */
                                kind: "model";
                                /**
                                 * @default worker
                                 * @enum {string}
                                 */
                                type?: "worker" | "reviewer" | "tester";
                                model?: string;
                                skills?: string[];
                                /** @default anthropic */
                                credential?: string;
                            };
                            /** @default 5 */
                            priority?: number;
                            /** @default 3 */
                            maxAttempts?: number;
                            retryBackoffMs?: number[];
                            credential?: string;
                            labels?: string[];
                            /** @default default */
                            backend?: string;
                            delayMs?: number;
                            /** @default {} */
                            limits?: {
                                wallClockMs?: number;
                                tokens?: number;
                                dollars?: number;
                                turns?: number;
                                rejections?: number;
                            };
                            estimatedTokens?: number;
                            gates?: {
                                profile?: string;
                                gates?: string[];
                            };
                            yolo?: {
                                reason: string;
                            };
                            allowConfigChanges?: string[];
                            pullRequest?: {
                                base?: string;
                                draft?: boolean;
                                title?: string;
                            };
                            issue?: {
                                number: number;
                            };
                        };
                        paused?: boolean;
                    };
                };
            };
            responses: {
                /** @description The schedule as it is now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schedule"];
                    };
                };
                /** @description The schedule cannot be read, or never comes */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such schedule */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has a schedule of that name */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/orchestrator/workspaces/{workspace}/schedules/{scheduleId}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask for a schedule's task now, beside its times */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    workspace: string;
                    scheduleId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The same Idempotency-Key made this task before */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            taskId: string;
                        };
                    };
                };
                /** @description The task is queued */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            taskId: string;
                        };
                    };
                };
                /** @description The key is not an admin of that workspace */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The workspace has no such schedule */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The task cannot be admitted */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AuditEvent: {
            eventId: string;
            taskId: string;
            version: number;
            type: string;
            at: string;
            by: string;
            /** @enum {string} */
            from?: "queued" | "launching" | "running" | "verifying" | "publishing" | "completed" | "failed" | "killed";
            /** @enum {string} */
            to: "queued" | "launching" | "running" | "verifying" | "publishing" | "completed" | "failed" | "killed";
            data: {
                [key: string]: unknown;
            };
            previousHash: string;
            hash: string;
        };
        Progress: {
            agentId: string;
            seq: number;
            step: string;
            stepStartedAt: string;
            output: string;
            outputFrom: number;
            outputLength: number;
            spend?: {
                /** @default 0 */
                inputTokens?: number;
                /** @default 0 */
                outputTokens?: number;
                /** @default 0 */
                cacheReadTokens?: number;
                /** @default 0 */
                cacheWriteTokens?: number;
                /** @default 0 */
                unconfirmedTokens?: number;
                /** @default 0 */
                microDollars?: number;
                /** @default 0 */
                turns?: number;
                /** @default 0 */
                wallClockMs?: number;
                /** @default 0 */
                reservedTokens?: number;
                /** @default 0 */
                reservedMicroDollars?: number;
            };
        };
        Snapshot: {
            tasks: components["schemas"]["TaskSummary"][];
            unreadable?: string[];
            complete: boolean;
        };
        TaskSummary: {
            taskId: string;
            workspace: string;
            version: number;
            /** @enum {string} */
            status: "queued" | "launching" | "running" | "verifying" | "publishing" | "completed" | "failed" | "killed";
            title: string;
            priority: number;
            createdBy: string;
            owner: string;
            createdAt: string;
            updatedAt: string;
            attempt: number;
            maxAttempts: number;
            retryBackoffMs?: number[];
            notBefore?: string;
            failure?: {
                /** @enum {string} */
                class: "infrastructure" | "agent_error" | "gate_rejection" | "timeout" | "budget" | "provider_quota" | "poison";
                message: string;
            };
            killed?: {
                by: string;
                reason: string;
                /** @enum {string} */
                from: "queued" | "launching" | "running" | "verifying" | "publishing" | "completed" | "failed" | "killed";
                cause: string;
            };
            stopConfirmation?: string;
            backend: string;
            repositoryKey: string;
            labels?: string[];
            rejections?: number;
            retryOf?: string;
            escalated?: boolean;
            branch?: string;
            commit?: string;
            publishOutcome?: string;
            outcomeOverdue?: {
                why: string;
            };
            noChanges?: boolean;
            /** @enum {string} */
            merges?: "clean" | "conflicts" | "unknown";
            pullRequest?: {
                /** @enum {string} */
                state: "wanted" | "delayed" | "open" | "failed";
                url?: string;
                number?: number;
                why?: string;
                tries?: number;
                base?: string;
                draft?: boolean;
                title?: string;
            };
            issue?: {
                number: number;
            };
            unconfined?: boolean;
            messages?: number;
            yolo?: boolean | {
                reason: string;
            };
            provider?: string;
            measuredLimits?: ("memory" | "disk")[];
        };
        Session: {
            keyId: string;
            name: string;
            principal: string;
            /** @enum {string} */
            role: "member" | "workspace_admin" | "super_admin";
            workspace: string;
            expiresAt?: string;
            csrfToken?: string;
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            code: string;
        } & {
            [key: string]: unknown;
        };
        Task: {
            taskId: string;
            workspace: string;
            version: number;
            /** @enum {string} */
            status: "queued" | "launching" | "running" | "verifying" | "publishing" | "completed" | "failed" | "killed";
            title: string;
            priority: number;
            createdBy: string;
            owner: string;
            createdAt: string;
            updatedAt: string;
            attempt: number;
            maxAttempts: number;
            retryBackoffMs?: number[];
            notBefore?: string;
            failure?: {
                /** @enum {string} */
                class: "infrastructure" | "agent_error" | "gate_rejection" | "timeout" | "budget" | "provider_quota" | "poison";
                message: string;
            };
            killed?: {
                by: string;
                reason: string;
                /** @enum {string} */
                from: "queued" | "launching" | "running" | "verifying" | "publishing" | "completed" | "failed" | "killed";
                cause: string;
            };
            stopConfirmation?: string;
            backend: string;
            repositoryKey: string;
            labels?: string[];
            rejections?: number;
            retryOf?: string;
            escalated?: boolean;
            branch?: string;
            commit?: string;
            publishOutcome?: string;
            outcomeOverdue?: {
                why: string;
            };
            noChanges?: boolean;
            /** @enum {string} */
            merges?: "clean" | "conflicts" | "unknown";
            pullRequest?: {
                /** @enum {string} */
                state: "wanted" | "delayed" | "open" | "failed";
                url?: string;
                number?: number;
                why?: string;
                tries?: number;
                base?: string;
                draft?: boolean;
                title?: string;
            };
            issue?: {
                number: number;
            };
            unconfined?: boolean;
            messages?: number;
            yolo?: {
                reason: string;
            };
            provider?: string;
            measuredLimits?: ("memory" | "disk")[];
            repository: string;
            baseBranch: string;
            prompt: string;
            agent: {
                /** @enum {string} */
                kind: "command";
                command: string[];
            } | {
                /** @enum {string} */
                kind: "model";
                /** @enum {string} */
                type: "worker" | "reviewer" | "tester";
                model: string;
                skills?: string[];
                credential: string;
            };
            credential?: string;
            limits: {
                wallClockMs: number;
                rejections: number;
                tokens?: number;
                microDollars?: number;
                turns?: number;
            };
            gates: {
                profile: string;
                gates: string[];
                chosenBy: string;
            };
            allowConfigChanges?: string[];
            spend?: {
                /** @default 0 */
                inputTokens?: number;
                /** @default 0 */
                outputTokens?: number;
                /** @default 0 */
                cacheReadTokens?: number;
                /** @default 0 */
                cacheWriteTokens?: number;
                /** @default 0 */
                unconfirmedTokens?: number;
                /** @default 0 */
                microDollars?: number;
                /** @default 0 */
                turns?: number;
                /** @default 0 */
                wallClockMs?: number;
                /** @default 0 */
                reservedTokens?: number;
                /** @default 0 */
                reservedMicroDollars?: number;
            };
            budget?: {
                limit: string;
                used: number;
                of: number;
                state: string;
            }[];
            warnings?: string[];
            attempts: {
                agentId: string;
                attempt: number;
                /** @enum {string} */
                state: "spawning" | "running" | "completed" | "failed" | "killed";
                claimedAt: string;
                startedAt?: string;
                endedAt?: string;
                sandboxArn?: string;
                sandboxStoppedAt?: string;
                cleanedUpAt?: string;
                step?: string;
                outputLength?: number;
            }[];
        };
        Hour: {
            at: string;
            completed: number;
            failed: number;
            killed: number;
            microDollars: number;
        };
        Backend: {
            name: string;
            /** @enum {string} */
            kind: "ecs";
            /** @enum {string} */
            state: "open" | "paused" | "stopped" | "revoked" | "undeclared";
            declared: boolean;
            cluster: string;
            taskDefinition: string;
            region?: string;
            endpoint?: string;
            subnets: string[];
            securityGroups: string[];
            assignPublicIp: boolean;
            slots?: number;
            note?: string;
            running: number;
            generation: number;
            health?: components["schemas"]["BackendHealth"];
            createdAt?: string;
            createdBy: string;
            revokedAt?: string;
        };
        BackendHealth: {
            reachable: boolean;
            checkedAt: string;
            ageMs: number;
            latencyMs: number;
            error?: string;
        };
        Schedule: {
            name: string;
            cron: string;
            /** @default UTC */
            timezone?: string;
            task: {
                repository: string;
                branch?: string;
                prompt: string;
                title?: string;
                agent: {
                    /** @enum {string} */
                    kind: "command";
                    command: string[];
                } | {
                    /** @enum {string} */
                    kind: "model";
                    /**
                     * @default worker
                     * @enum {string}
                     */
                    type?: "worker" | "reviewer" | "tester";
                    model?: string;
                    skills?: string[];
                    /** @default anthropic */
                    credential?: string;
                };
                /** @default 5 */
                priority?: number;
                /** @default 3 */
                maxAttempts?: number;
                retryBackoffMs?: number[];
                credential?: string;
                labels?: string[];
                /** @default default */
                backend?: string;
                delayMs?: number;
                /** @default {} */
                limits?: {
                    wallClockMs?: number;
                    tokens?: number;
                    dollars?: number;
                    turns?: number;
                    rejections?: number;
                };
                estimatedTokens?: number;
                gates?: {
                    profile?: string;
                    gates?: string[];
                };
                yolo?: {
                    reason: string;
                };
                allowConfigChanges?: string[];
                pullRequest?: {
                    base?: string;
                    draft?: boolean;
                    title?: string;
                };
                issue?: {
                    number: number;
                };
            };
            paused: boolean;
            scheduleId: string;
            nextAt?: string;
            lastOutcome?: {
                /** @enum {string} */
                kind: "submitted";
                taskId: string;
                dueAt: string;
                at: string;
            } | {
                /** @enum {string} */
                kind: "refused";
                code: string;
                why: string;
                dueAt: string;
                at: string;
            };
            createdBy: string;
            createdAt: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type AuditEvent = components['schemas']['AuditEvent'];
export type Progress = components['schemas']['Progress'];
export type Snapshot = components['schemas']['Snapshot'];
export type TaskSummary = components['schemas']['TaskSummary'];
export type Session = components['schemas']['Session'];
export type Problem = components['schemas']['Problem'];
export type Task = components['schemas']['Task'];
export type Hour = components['schemas']['Hour'];
export type Backend = components['schemas']['Backend'];
export type BackendHealth = components['schemas']['BackendHealth'];
export type Schedule = components['schemas']['Schedule'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
