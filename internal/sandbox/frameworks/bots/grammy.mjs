import { Bot, InlineKeyboard, InputFile, Keyboard, webhookCallback } from "grammy";
import { apiRoot, polling, ready, secret, serve, size, token } from "./setting.mjs";

const bot = new Bot(token, { client: { apiRoot, canUseWebhookReply: (method) => method === "sendChatAction" } });

bot.command("start", async (ctx) => {
  await ctx.replyWithChatAction("typing");
  await ctx.reply(`Hello ${ctx.from.first_name}, payload ${ctx.match}`, {
    reply_markup: new Keyboard().requestContact("Share my phone").text("Not now").oneTime().resized(),
  });
});
bot.command("document", (ctx) => ctx.replyWithDocument(new InputFile(Buffer.from("some words"), "words.txt"), { caption: "Here" }));
bot.on("message:contact", (ctx) => ctx.reply(
  `Phone ${ctx.message.contact.phone_number} own ${ctx.message.contact.user_id === ctx.from.id}`,
  { reply_markup: { remove_keyboard: true } }));
bot.on("message:photo", async (ctx) => {
  const file = await ctx.getFile();
  await ctx.reply(`Photo of ${await size(`${apiRoot}/file/bot${token}/${file.file_path}`)} bytes`);
});
bot.hears("menu", (ctx) => ctx.reply("*Choose*", {
  parse_mode: "MarkdownV2",
  reply_markup: new InlineKeyboard().text("Yes", "answer:yes").text("No", "answer:no").row().url("Site", "https://acme.example/"),
}));
bot.callbackQuery(/^answer:(.*)$/, async (ctx) => {
  await ctx.answerCallbackQuery({ text: `Noted: ${ctx.match[1]}` });
  await ctx.editMessageText(`You chose ${ctx.match[1]}`);
});
bot.hears("stranger", async (ctx) => {
  try {
    await ctx.api.sendMessage(999, "nobody");
  } catch (error) {
    await ctx.reply(`Refused ${error.error_code}: ${error.description}`);
  }
});
bot.on("my_chat_member", (ctx) => console.log(`member ${ctx.myChatMember.new_chat_member.status}`));
bot.on("edited_message:text", (ctx) => ctx.reply(`Edited to ${ctx.editedMessage.text}`));
bot.on("message:text", (ctx) => ctx.reply(`Echo ${ctx.message.text}`, { reply_parameters: { message_id: ctx.message.message_id } }));
bot.catch(({ error }) => { console.error(error); process.exitCode = 1; });

await bot.init();
if (polling) {
  bot.start({ onStart: ready });
} else {
  const url = await serve(webhookCallback(bot, "http", { secretToken: secret }));
  await bot.api.setWebhook(url, { secret_token: secret, allowed_updates: ["message", "edited_message", "callback_query", "my_chat_member"] });
  ready();
}
