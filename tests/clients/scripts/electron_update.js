// Run electron-updater as an app does: check for an update, download it, and print what happened as JSON.
//
// The argument is JSON: url (of app-update.yml) or provider (all of it), allowPrerelease, system (AppImage, Deb, Nsis or Mac), version (of the app), folder (for the
// cache), old (the installed file), channel, headers, download (whether to download), between (a request, as arguments of
// `fetch`, that is sent after the check and before the download).
"use strict";
const fs = require("fs");
const http = require("http");
const https = require("https");
const Module = require("module");
const path = require("path");

// The updater only needs these names to exist when it runs outside of Electron.
const electron = { app: {}, net: {}, session: {}, autoUpdater: { on() {}, getFeedURL() {} } };
const load = Module._load;
Module._load = (name, ...rest) => (name === "electron" ? electron : load(name, ...rest));

const { HttpExecutor, configureRequestOptions, configureRequestUrl } = require("builder-util-runtime");
const updaters = require("electron-updater");

const received = [];

// The executor of electron-updater asks Electron for its network; this one asks Node.
class NodeExecutor extends HttpExecutor {
  createRequest(options, callback) {
    const request = (options.protocol === "https:" ? https : http).request(options, (response) => {
      const entry = { path: options.path, status: response.statusCode, range: options.headers?.range, bytes: 0 };
      received.push(entry);
      response.on("data", (chunk) => (entry.bytes += chunk.length));
      if (!response.headers.location || request.listenerCount("redirect") === 0) return callback(response);
      // A request of Electron leaves the decision about a redirect to a listener, which sets the new URL in `options`.
      response.resume();
      request.followRedirect = () => this.createRequest(options, callback).end();
      request.emit("redirect", response.statusCode, options.method, response.headers.location);
    });
    return request;
  }

  download(url, destination, options) {
    return options.cancellationToken.createPromise((resolve, reject, onCancel) => {
      const request = { headers: options.headers || undefined };
      configureRequestUrl(url, request);
      configureRequestOptions(request);
      const callback = (error) => (error == null ? resolve(destination) : reject(error));
      this.doDownload(request, { destination, options, onCancel, callback, responseHandler: null }, 0);
    });
  }
}

async function main(wanted) {
  fs.mkdirSync(path.join(wanted.folder, "app"), { recursive: true });
  const config = path.join(wanted.folder, "app-update.yml");
  const provider = wanted.provider || { provider: "generic", url: wanted.url };
  fs.writeFileSync(config, JSON.stringify({ updaterCacheDirName: "app", ...provider }));
  const app = {
    version: wanted.version,
    name: "App",
    isPackaged: true,
    appUpdateConfigPath: config,
    userDataPath: wanted.folder,
    baseCachePath: wanted.folder,
    whenReady: async () => {},
    quit() {},
    relaunch() {},
    onQuit() {},
  };
  if (wanted.old && wanted.system === "AppImage") process.env.APPIMAGE = wanted.old;
  if (wanted.old && wanted.system === "Nsis") fs.copyFileSync(wanted.old, path.join(wanted.folder, "app", "installer.exe"));
  const platforms = { AppImage: "linux", Deb: "linux", Nsis: "win32", Mac: "darwin" };
  const updater = new updaters[`${wanted.system}Updater`](null, app);
  updater.httpExecutor = new NodeExecutor();
  updater._testOnlyOptions = { platform: platforms[wanted.system], isUseDifferentialDownload: true };
  updater.autoDownload = false;
  updater.autoInstallOnAppQuit = false;
  updater.disableWebInstaller = true;
  updater.forceDevUpdateConfig = true;
  updater.updateConfigPath = config;
  const errors = [];
  updater.logger = { info() {}, debug() {}, warn() {}, error: (text) => errors.push(String(text)) };
  updater.on("error", () => {});
  if (wanted.headers) updater.requestHeaders = wanted.headers;
  if (wanted.channel) updater.channel = wanted.channel;
  if (wanted.allowPrerelease) updater.allowPrerelease = true;
  const result = { available: false, errors, received };
  try {
    const check = await updater.checkForUpdates();
    Object.assign(result, { available: check.isUpdateAvailable, info: check.updateInfo });
    if (wanted.between) result.between = (await fetch(...wanted.between)).status;
    if (wanted.download && check.isUpdateAvailable) result.files = await updater.downloadUpdate();
  } catch (error) {
    errors.push(`${error.code}: ${error.message}`);
  }
  console.log(JSON.stringify(result));
}

main(JSON.parse(process.argv[2]));
