// Package frameworks tests the sandbox with bot frameworks that others wrote: grammY and Telegraf in Node.js, and
// go-telegram/bot in Go, each with polling and with a webhook.
//
// The same small bot is written once per framework (bots/*.mjs, gobot_test.go); one story plays a person against it
// through the control API and looks at what stands in the chat. The npm packages are pinned by package-lock.json and
// installed with npm ci into the user's cache folder, once per version of that file.
package frameworks
