// Sends a mail over a transport, both given as JSON, and prints what nodemailer has to say of it.
import { createRequire } from "node:module";

const nodemailer = createRequire(new URL("../clients/", import.meta.url))("nodemailer");
const [transport, mail] = process.argv.slice(2).map((text) => JSON.parse(text));
const { response } = await nodemailer.createTransport(transport).sendMail(mail);
console.log(response);
