// What does a function of the usual stack load? NestJS on Express, with a queue of BullMQ.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { installPackages } from "./install.ts";

export const packages = {
  "@nestjs/bullmq": "12.0.0",
  "@nestjs/common": "12.5.1",
  "@nestjs/core": "12.5.1",
  "@nestjs/platform-express": "12.5.1",
  bullmq: "6.7.0",
  "reflect-metadata": "0.2.2",
  rxjs: "7.8.2",
};

/** What it asks for and does without, where it is not installed. */
export const leftOut = [
  "@nestjs/microservices",
  "@nestjs/websockets",
  "@nestjs/platform-socket.io",
  "class-transformer",
  "class-validator",
];

/** As it would be written without a compiler for its decorators. */
const program = `import "reflect-metadata";
import { BullModule } from "@nestjs/bullmq";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";

class Tasks {}
Controller("tasks")(Tasks);
class App {}
const queues = [BullModule.forRoot({ connection: { host: "127.0.0.1" } }), BullModule.registerQueue({ name: "tasks" })];
Module({ imports: queues, controllers: [Tasks] })(App);
export const handler = async () => (await NestFactory.create(App, new ExpressAdapter())).init();
`;

/** Answers the file to load. */
export async function installNest(directory: string): Promise<string> {
  const file = join(dirname(await installPackages(directory, packages)), "index.mjs");
  writeFileSync(file, program);
  return file;
}
