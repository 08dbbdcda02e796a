// Sends an ordinary mail to the port that is given.
import nodemailer from "nodemailer";

const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  name: process.argv[3] || undefined,
});
await transport.sendMail({
  from: "Änn <a@example.com>",
  to: "b@example.com",
  bcc: "c@example.com",
  subject: "Grüße",
  text: "Grüße\n.\n",
  html: "<p>Grüße</p>",
  attachments: [
    { filename: "four.bin", content: Buffer.from([0, 1, 2, 255]) },
    { filename: "grün.txt", content: "Grüße" },
  ],
});
