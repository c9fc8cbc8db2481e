// What the page says, in English and in Japanese; the browser's first language decides. The analysis itself is in
// English, so in Japanese the verdict is said anew from its figures, and the English text stays below.
"use strict";

function number(value) {
  if (value === null || value === undefined) return "–";
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

// No figure stands in another line than its unit.
function percent(share) {
  if (share === null || share === undefined) return "–";
  return share > 0 && share < 0.005 ? "<\u00a01\u00a0%" : `${(share * 100).toFixed(0)}\u00a0%`;
}

function ms(value) {
  return value === null || value === undefined ? "–" : `${number(value)}\u00a0ms`;
}

// How good it is: "good", "bad", or "none" where the run cannot say.
const LEVELS = { healthy: "good", unknown: "none", "mixed-up": "none", generator: "none", "no-data": "none" };
// Of these the times are nobody's, or not the app's.
const DOUBTFUL = ["no-data", "mixed-up", "generator"];

// Whether there is nothing to tell because the users' own code fails: as often as they have asked for anything.
const failing = (code, load) => code === "no-data" && load.exceptions > 0 && load.exceptions >= load.requests;

const ENGLISH = {
  headlines: {
    healthy: "Healthy: nothing is at its limit",
    slots: "Too few slots: requests wait for a free one",
    cpu: "The plan's CPU is used up",
    gil: "Too few workers: their cores are used up while others idle",
    imbalance: "Requests wait in one worker or instance while another has room",
    inside: "Requests wait inside the app",
    stuck: "Requests hang: answers do not come",
    memory: "The workers' memory grows with the requests",
    errors: "Requests fail",
    unknown: "Requests wait, and this run cannot tell where",
    "mixed-up": "These figures are not of one app",
    generator: "Locust is the limit, not the app",
    "no-data": "Too little is known to tell",
  },
  failing: "The locustfile raises exceptions",
  ready: ["Press START in Locust", "As soon as a test runs, this page says where its requests wait, and what to set."],
  starting: ["The test is starting", "The figures begin when all users are there."],
  sentence: (run) => run.verdict.text,
  earlier: (before) => before.text,
  english: null,
  states: { ready: "no test yet", spawning: "users are starting", running: "running", stopping: "stopping", stopped: "stopped",
    kept: "a run that was kept" },
  state: (run, state) => `${state} · ${run.arrivals.asked_rps === null ? `${run.load.users} users` : `${number(run.arrivals.asked_rps)} arrivals/s`} · ${run.load.seconds.toFixed(0)} s`,
  silent: (why) => `Locust does not answer (${why})`,
  locust: "Back to Locust",
  bar: { before: "Why?", page: "After START: where requests wait, and what to set", more: "What to set, and where the time goes" },
  copy: "Copy", copied: "Copied", selected: "Selected: press Ctrl+C", copying: (where) => `Copy: ${where}`,
  paste: { compose: "Paste into a terminal, in this project's folder", startup: "Startup command, as in App Service's box",
    settings: "App settings, by Azure CLI", env: "In .env, or as the environment of any container" },
  notes: {
    compose: "Variables or options that you started it with, such as --env-file, stay before and behind this.",
    startup: "app:app stands for your module and its Flask object; with this project's gunicorn.conf.py in the app's folder.",
    settings: "RG and APP stand for your resource group and app. Workers and threads count only without a startup command.",
    env: "",
  },
  elsewhere: "For App Service, or another container",
  check: (now) => `One step: run the same load again. If more requests fail, or take longer, go back to ${now}.`,
  processes: "More than one worker needs an app that keeps nothing in its process for the next request: sessions, a scheduler, a rate limit.",
  full: "In full: what this takes for granted, and how to check it",
  where: "Where the time goes",
  takes: (total) => `A request takes ${total} on average:`,
  answered: (total) => `Those that were answered took ${total} on average:`,
  doubtful: (total) => `Counted were ${total} for a request. The verdict says why that is not to be relied on.`,
  parts: {
    delay: ["until it was sent", "from the moment at which it was due: no user of --max-users was free, or Locust was late", "delay"],
    slot: ["waiting for a slot", "before the app has it: no thread is free for it yet", "waiting"],
    cpu: ["waiting to be served", "before the app has it: slots are free, and the CPU is full", "waiting"],
    gil: ["waiting to be served", "before the app has it: slots are free, and each worker's own core is full", "waiting"],
    loop: ["waiting to be served", "before the app has it", "waiting"],
    app: ["in the app", "your code, and what it waits for: a database, another service", "app"],
    wire: ["sending, and the network", "connecting, a front end, and sending the answer: all of a stream or a large body, too", "sending"],
    wait: ["outside the app", "waiting for a slot, sending, and the network: the answers do not say how that splits", "outside"],
  },
  plots: {
    response: "Response time, ms", slots: "Busy slots", cpu: "CPU of the plan",
    busy: "busy", used: "used", limit: { slots: (count) => `limit: ${count} slot${count === 1 ? "" : "s"}`, cpu: () => `limit: ${percent(1)}` },
    at: (second) => `second ${number(second)}:`, last: "last:",
    over: (title, values) => `${title} over the run; at its end ${values}`,
  },
  who: "Routes, by who holds the slots",
  slot: "A slot is room for one request at a time: workers × threads of them.",
  routes: (waits) => ["Route", "holds of the slots", "requests", "failed", "half take up to, ms", "95 % take up to, ms", `${waits}, ms`,
    "in the app, ms", "CPU, ms"],
  landed: (where) => `redirected to ${where}: the times are of both together`,
  others: "others",
  further: "Further routes",
  more: "More",
  instances: "Instances",
  instanceColumns: (waits) => ["Instance", "requests", "of all", "busy slots", "of a core", "response, ms", `${waits}, ms`, "workers"],
  stay: (run) => (run.users_stay === null ? "" : `${percent(run.users_stay)} of the requests went to the instance of their `
    + `user's one before; ${percent(run.users_bound)} were sent with an ARRAffinity cookie.`),
  each: (number) => (number > 1 ? `${number} instances, each ` : ""),
  workers: "Workers",
  workerColumns: ["Process", "requests", "of all", "busy slots", "of a core", "memory, MB"],
  times: "Times",
  timeColumns: ["Time, ms", "mean", "half up to", "95 % up to", "99 % up to"],
  timeNames: (waits) => ({ response_ms: "Response", delay_ms: "Until it was sent", wait_ms: "Outside the app", queue_ms: waits,
    app_ms: "In the app", wire_ms: "Sending, and the network" }),
  quick: "Quick requests in the app",
  quickColumns: ["Route", "at the test's start, ms", "now, ms"],
  quickNote: "What only the quickest take. If that grows during a test, requests wait for something inside the app.",
  load: "Setting and load",
  setting: ["Setting", (s) => (s.workers
    ? `${ENGLISH.each(s.instances)}${s.workers} × ${s.threads}${s.slots ? ` = ${s.slots} slots` : ""} on ${s.vcpu} vCPU` : "–"),
    (s) => `workers × threads${s.worker_class ? `, ${s.worker_class}` : ""}`],
  busySlots: ["Busy slots", "requests that are being served at a time, on average"],
  cpu: ["CPU of the plan", "used by the workers"],
  memory: ["Memory of the workers", (kb) => (kb >= 0.5 ? `grows by ${number(kb)} kB with each request` : "")],
  rate: ["Throughput", (load) => `${number(load.rps)} requests/s`, (load) => `${load.requests} requests in ${load.seconds.toFixed(0)} s, ${load.failures} failed`
    + (load.on_start ? `; ${load.on_start} are of on_start, as a login, and took ${number(load.on_start_ms)} ms on average` : "")],
  arrivals: ["Arrivals", (a) => `${a.begun} of ${a.due} begun`,
    (a) => `${a.held_back + a.left} waited for one of ${a.max_users} users; ${a.under_way} are under way`],
  bounds: ["At most, requests/s", (b) => `slots ${number(b.slots_rps)} · CPU ${number(b.cpu_rps)} · users ${number(b.users_rps)}`,
    "the most that each of them allows; more than the lowest cannot come"],
  cpuTime: ["CPU time of a request", "until its headers, in the app"],
  generator: ["Locust itself", (g) => `${number(g.cpu_percent)} % of a core`,
    (g) => `is ${number(g.lag_ms)} ms late on average; from 5 ms on its figures would not be the app's. It sent ${number(g.achieved_rps)} of ${number(g.offered_rps)} requests/s.`],
};

const wait = (run) => (run.queue_ms.mean === null ? run.wait_ms.mean : run.queue_ms.mean);
const JAPANESE_SENTENCES = {
  healthy: (run) => `どの上限にも達していません。リクエストは平均 ${ms(run.response_ms.mean)}、そのうちアプリの処理が ${ms(run.app_ms.mean)}、CPU の使用率は ${percent(run.cpu_utilization)} です。`,
  slots: (run) => `スロット(同時に処理できるリクエストの数)が足りません。リクエストは空きを平均 ${ms(wait(run))} 待ち、アプリの処理は ${ms(run.app_ms.mean)} です。CPU の使用率は ${percent(run.cpu_utilization)} です。`,
  cpu: (run) => `プランの CPU を使い切っています(${percent(run.cpu_utilization)})。ワーカーやスレッドを増やしても速くなりません。`,
  gil: (run) => `ワーカーが少なすぎます。各ワーカーは 1 コアしか使えず(Python の GIL)、ほかのコアは空いています。プラン全体の CPU 使用率は ${percent(run.cpu_utilization)} です。`,
  imbalance: (run) => `あるワーカーまたはインスタンスで平均 ${ms(wait(run))} 待っている間、ほかには空きがあります。`,
  inside: (run) => `アプリの中で待っています(ロック、接続プール、データベース、外部 API など)。アプリの処理は平均 ${ms(run.app_ms.mean)} です。スレッドを増やしても、そこで待つだけです。`,
  stuck: () => "応答が返ってこないリクエストがあります。待っている相手を探し、タイムアウトを付けてください。",
  memory: (run) => `リクエストのたびにワーカーのメモリが増えています(現在 ${number(run.memory_mb)} MB)。`,
  errors: (run) => `${run.load.requests} 件中 ${run.load.failures} 件のリクエストが失敗しています。まず Locust の Failures タブとアプリのログを見てください。`,
  unknown: () => "待ち時間がありますが、どこで待っているかはこの測定では分かりません。",
  "mixed-up": () => "数値が 1 つのアプリのものではありません(異なる設定、数が変わるインスタンス、キャッシュ、途中の再起動など)。ここからは何も言えません。",
  generator: () => "Locust 自身が限界です。アプリの数値としては使えません。",
  "no-data": (run) => {
    if (failing(run.verdict.code, run.load)) return `locustfile が例外を ${run.load.exceptions} 回出しています。内容と場所は下の英語の説明にあります。`;
    return run.verdict.variables.SERVER_TIMING
      ? "応答に Server-Timing ヘッダーがないので、どこで待っているか分かりません。" : "まだ何も言えません。理由は下の英語の説明にあります。";
  },
};

const JAPANESE_CHANGES = { better: "改善", same: "偶然の範囲内の違い", worse: "悪化" };

function changed({ setting, rps_change: rate, p95_change: time, does_as_well: enough }, { workers, instances }) {
  if (!rate || !time) return "";
  const alone = setting.startsWith("1 ×") && workers > 1 && !(instances > 1);
  if (enough) return `違いは偶然の範囲内なので、この負荷なら ${setting} でも同じです。${alone ? "ただし、1 つだけのワーカーが落ちたり再起動したりすると、すべて止まります。" : ""}`;
  if (rate === "same" && time === "same") return "違いは偶然の範囲内です。";
  return `スループットは${JAPANESE_CHANGES[rate]}、95 % の応答時間は${JAPANESE_CHANGES[time]}です。`;
}

const heldBack = ({ due, held_back: late, left }) => (late + left
  ? `到着 ${due} 件のうち ${late + left} 件は、ユーザーの空き(--max-users)を待ちました。` : "");

const JAPANESE = {
  ...ENGLISH,
  headlines: {
    healthy: "問題ありません",
    slots: "スロット不足:リクエストが空きを待っています",
    cpu: "プランの CPU を使い切っています",
    gil: "ワーカー不足:コアが余っているのに使えていません",
    imbalance: "偏り:空いているワーカーやインスタンスがあるのに待っています",
    inside: "アプリの中で待っています",
    stuck: "応答が返ってこないリクエストがあります",
    memory: "メモリが増え続けています",
    errors: "リクエストが失敗しています",
    unknown: "どこで待っているか分かりません",
    "mixed-up": "1 つのアプリの数値ではありません",
    generator: "限界なのはアプリではなく Locust です",
    "no-data": "判断するにはデータが足りません",
  },
  failing: "locustfile が例外を出しています",
  ready: ["Locust で START を押してください", "テストが始まると、リクエストがどこで待っているか、何を設定すればよいかをここに表示します。"],
  starting: ["テストを開始しています", "全ユーザーがそろってから測定します。"],
  sentence: (run) => (JAPANESE_SENTENCES[run.verdict.code] || ENGLISH.sentence)(run) + heldBack(run.arrivals),
  earlier: (before, run) => `前回の ${before.setting}(${before.run}):毎秒 ${number(before.rps)} 件、95 % が ${ms(before.p95_ms)} 以下。`
    + `今回の ${before.now}:毎秒 ${number(run.load.rps)} 件、95 % が ${ms(run.response_ms.p95)} 以下。${changed(before, run.setting)}`,
  english: "詳しい説明(英語)",
  states: { ready: "テスト前", spawning: "ユーザー起動中", running: "実行中", stopping: "停止中", stopped: "停止", kept: "保存された結果" },
  state: (run, state) => `${state} · ${run.arrivals.asked_rps === null ? `${run.load.users} ユーザー` : `毎秒 ${number(run.arrivals.asked_rps)} 件到着`} · ${run.load.seconds.toFixed(0)} 秒`,
  silent: (why) => `Locust が応答しません(${why})`,
  locust: "Locust に戻る",
  bar: { before: "Why?", page: "START の後、どこで待っているか、何を設定すればよいか", more: "何を設定すればよいか、時間の内訳" },
  copy: "コピー", copied: "コピーしました", selected: "選択しました:Ctrl+C", copying: (where) => `コピー:${where}`,
  paste: { compose: "ターミナルに貼り付け(このプロジェクトのフォルダーで)", startup: "スタートアップ コマンド(App Service の入力欄)",
    settings: "アプリ設定(Azure CLI)", env: ".env、またはコンテナーの環境変数" },
  notes: {
    compose: "起動時に付けた変数やオプション(--env-file など)は、そのまま前後に付けてください。",
    startup: "app:app は自分のモジュールと Flask オブジェクトに置き換えてください。このプロジェクトの gunicorn.conf.py をアプリのフォルダーに置いた場合です。",
    settings: "RG と APP は自分のリソース グループとアプリ名です。ワーカー数とスレッド数は、スタートアップ コマンドがない場合だけ有効です。",
    env: "",
  },
  elsewhere: "App Service やほかのコンテナーでは",
  check: (now) => `同じ負荷をもう一度かけてください。失敗や応答時間が増えたら ${now} に戻します。`,
  processes: "ワーカーを 2 つ以上にするには、次のリクエストで使うもの(セッション、スケジューラー、レート制限など)をプロセス内に持たないアプリであることが必要です。",
  full: "前提と確認方法(英語)",
  where: "時間の内訳",
  takes: (total) => `1 リクエストは平均 ${total}:`,
  answered: (total) => `応答のあったリクエストは平均 ${total}:`,
  doubtful: (total) => `測定では 1 リクエスト ${total} ですが、上の判定のとおり当てにできません。`,
  parts: {
    delay: ["送信まで", "送信予定の時刻から。--max-users のユーザーが空いていないか、Locust の遅れです", "送信まで"],
    slot: ["スロット待ち", "アプリに届く前。空いているスレッドがまだありません", "待ち"],
    cpu: ["処理待ち", "アプリに届く前。スロットは空いていますが、CPU に空きがありません", "待ち"],
    gil: ["処理待ち", "アプリに届く前。スロットは空いていますが、各ワーカーのコアに空きがありません", "待ち"],
    loop: ["処理待ち", "アプリに届く前", "待ち"],
    app: ["アプリの中", "自分のコードと、その待ち時間(データベース、ほかのサービス)", "アプリ"],
    wire: ["送信とネットワーク", "接続、フロントエンド、応答の送信。ストリームや大きな本文の送信もここに入ります", "送信"],
    wait: ["アプリの外", "スロット待ち、送信、ネットワーク。内訳は応答からは分かりません", "アプリの外"],
  },
  plots: {
    response: "応答時間 ms", slots: "使用中のスロット", cpu: "プランの CPU",
    busy: "使用中", used: "使用率", limit: { slots: (count) => `上限:${count} スロット`, cpu: () => `上限:${percent(1)}` },
    at: (second) => `${number(second)} 秒:`, last: "最後:",
    over: (title, values) => `${title}の推移。最後は ${values}`,
  },
  who: "ルート:スロットを使っている順",
  slot: "スロットは同時に処理できるリクエスト 1 件分の枠です。数はワーカー × スレッドです。",
  routes: (waits) => ["ルート", "スロットの占有", "リクエスト", "失敗", "中央値 ms", "95 % がこれ以下 ms", `${waits} ms`, "アプリの中 ms", "CPU ms"],
  landed: (where) => `${where} にリダイレクト。時間は両方の合計です`,
  others: "その他",
  further: "ほかのルート",
  more: "詳細",
  instances: "インスタンス",
  instanceColumns: (waits) => ["インスタンス", "リクエスト", "割合", "使用中のスロット", "1 コアに対して", "応答 ms", `${waits} ms`, "ワーカー"],
  stay: (run) => (run.users_stay === null ? "" : `${percent(run.users_stay)} のリクエストは同じユーザーの前のリクエストと同じインスタンスに届き、`
    + `${percent(run.users_bound)} は ARRAffinity Cookie 付きでした。`),
  each: (number) => (number > 1 ? `${number} インスタンス、それぞれ ` : ""),
  workers: "ワーカー",
  workerColumns: ["プロセス", "リクエスト", "割合", "使用中のスロット", "1 コアに対して", "メモリ MB"],
  times: "時間",
  timeColumns: ["時間 ms", "平均", "中央値", "95 % 以下", "99 % 以下"],
  timeNames: (waits) => ({ response_ms: "応答", delay_ms: "送信まで", wait_ms: "アプリの外", queue_ms: waits, app_ms: "アプリの中", wire_ms: "送信とネットワーク" }),
  quick: "アプリの中の速いリクエスト",
  quickColumns: ["ルート", "テスト開始時 ms", "現在 ms"],
  quickNote: "最も速いものの時間です。テスト中に増えるなら、アプリの中で何かを待っています。",
  load: "設定と負荷",
  setting: ["設定", (s) => (s.workers
    ? `${JAPANESE.each(s.instances)}${s.workers} × ${s.threads}${s.slots ? ` = ${s.slots} スロット` : ""}、${s.vcpu} vCPU` : "–"),
    (s) => `ワーカー × スレッド${s.worker_class ? `、${s.worker_class}` : ""}`],
  busySlots: ["使用中のスロット", "同時に処理しているリクエストの平均"],
  cpu: ["プランの CPU", "ワーカーが使った割合"],
  memory: ["ワーカーのメモリ", (kb) => (kb >= 0.5 ? `1 リクエストごとに ${number(kb)} kB 増加` : "")],
  rate: ["スループット", (load) => `${number(load.rps)} リクエスト/秒`, (load) => `${load.seconds.toFixed(0)} 秒で ${load.requests} 件、失敗 ${load.failures} 件`
    + (load.on_start ? `。うち ${load.on_start} 件は on_start(ログインなど)で、平均 ${number(load.on_start_ms)} ms` : "")],
  arrivals: ["到着", (a) => `${a.due} 件中 ${a.begun} 件を開始`,
    (a) => `${a.held_back + a.left} 件が ${a.max_users} ユーザーの空きを待ちました。処理中 ${a.under_way} 件`],
  bounds: ["上限(リクエスト/秒)", (b) => `スロット ${number(b.slots_rps)} · CPU ${number(b.cpu_rps)} · ユーザー ${number(b.users_rps)}`,
    "それぞれで可能な最大値。最も小さい値を超えることはありません"],
  cpuTime: ["1 リクエストの CPU 時間", "アプリの中、ヘッダーを返すまで"],
  generator: ["Locust 自身", (g) => `1 コアの ${number(g.cpu_percent)} %`,
    (g) => `平均 ${number(g.lag_ms)} ms の遅れ。5 ms 以上なら数値はアプリのものと言えません。${number(g.offered_rps)} のうち ${number(g.achieved_rps)} リクエスト/秒を送信。`],
};

const LANGUAGE = (navigator.language || "en").toLowerCase().startsWith("ja") ? "ja" : "en";
const WORDS = LANGUAGE === "ja" ? JAPANESE : ENGLISH;
