import { Input, Markup, Telegraf } from "telegraf";
import { message, editedMessage } from "telegraf/filters";
import { apiRoot, polling, ready, secret, serve, size, token } from "./setting.mjs";

// In webhook mode Telegraf puts its first call into the answer to the delivery.
const bot = new Telegraf(token, { telegram: { apiRoot, webhookReply: true } });

bot.start(async (ctx) => {
  await ctx.sendChatAction("typing");
  await ctx.reply(`Hello ${ctx.from.first_name}, payload ${ctx.payload}`,
    Markup.keyboard([[Markup.button.contactRequest("Share my phone"), "Not now"]]).oneTime().resize());
});
bot.command("document", (ctx) => ctx.replyWithDocument(Input.fromBuffer(Buffer.from("some words"), "words.txt"), { caption: "Here" }));
bot.on(message("contact"), (ctx) => ctx.reply(
  `Phone ${ctx.message.contact.phone_number} own ${ctx.message.contact.user_id === ctx.from.id}`, Markup.removeKeyboard()));
bot.on(message("photo"), async (ctx) => {
  const link = await ctx.telegram.getFileLink(ctx.message.photo.at(-1).file_id);
  await ctx.reply(`Photo of ${await size(link)} bytes`);
});
bot.hears("menu", (ctx) => ctx.replyWithMarkdownV2("*Choose*", Markup.inlineKeyboard([
  [Markup.button.callback("Yes", "answer:yes"), Markup.button.callback("No", "answer:no")],
  [Markup.button.url("Site", "https://acme.example/")],
])));
bot.action(/^answer:(.*)$/, async (ctx) => {
  await ctx.answerCbQuery(`Noted: ${ctx.match[1]}`);
  await ctx.editMessageText(`You chose ${ctx.match[1]}`);
});
bot.hears("stranger", async (ctx) => {
  try {
    await bot.telegram.sendMessage(999, "nobody");
  } catch (error) {
    await ctx.reply(`Refused ${error.response.error_code}: ${error.response.description}`);
  }
});
bot.on("my_chat_member", (ctx) => console.log(`member ${ctx.myChatMember.new_chat_member.status}`));
bot.on(editedMessage("text"), (ctx) => ctx.reply(`Edited to ${ctx.editedMessage.text}`));
bot.on(message("text"), (ctx) => ctx.reply(`Echo ${ctx.message.text}`, { reply_parameters: { message_id: ctx.message.message_id } }));
bot.catch((error) => { console.error(error); process.exitCode = 1; });

if (polling) {
  bot.launch(ready);
} else {
  bot.botInfo = await bot.telegram.getMe();
  const url = await serve(bot.webhookCallback("/hook", { secretToken: secret }));
  await bot.telegram.setWebhook(url, { secret_token: secret, allowed_updates: ["message", "edited_message", "callback_query", "my_chat_member"] });
  ready();
}
