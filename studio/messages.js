// Every word that the page says. Another language is another file like this one.

/** @param {number} count @param {string} one @param {string} many */
const some = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

const frame = {
  name: "Reelgate",
  nameHome: "Reelgate, all scripts",
  skip: "Skip to the content",
  mainNavigation: "Main",
  navScripts: "Scripts",
  navReview: "Review",
  navJobs: "Jobs",
  waitingCount: (/** @type {number} */ count) => `${some(count, "decision")} waiting`,
  theme: (/** @type {string} */ now) => `Theme: ${now === "auto" ? "as the system" : now}`,
  connection: { connecting: "Connecting", live: "Live", away: "Offline" },
  connectionHint: {
    connecting: "The page is connecting to the server.",
    live: "Changes by others appear by themselves.",
    away: "The server cannot be reached. What you decide is kept and sent once it can.",
  },
  awayWith: (/** @type {number} */ count) => `Offline, ${count} to send`,
  close: "Close",
  cancel: "Cancel",
  dismiss: "Dismiss this message",
  undo: "Undo",
  undone: "Undone. Nothing was sent.",
  loading: "Loading",
  tryAgain: "Try again",
  showMore: "Show more",
  optional: "optional",
  justNow: "just now",
  minutesAgo: (/** @type {number} */ count) => `${count} min ago`,
  of: (/** @type {number} */ done, /** @type {number} */ all) => `${done} of ${all}`,
  about: (/** @type {string} */ value) => `about ${value}`,
  percent: (/** @type {number} */ fraction) => `${Math.round(fraction * 100)} %`,
  actor: (/** @type {string} */ name) => (name === "local" ? "You" : name === "worker" ? "Reelgate" : name),
};

const failures = {
  failureTitle: "This did not work",
  unreachable: "The server cannot be reached. Check that it is running; the page connects again by itself.",
  failed: (/** @type {string} */ why) => `The server could not do that: ${why} Try again; if it happens again, its log says more.`,
  declined: (/** @type {string} */ label, /** @type {string} */ why) => `Not done: “${label.replace(/\.$/, "")}”. ${why}`,
  notSaved: (/** @type {string} */ why) => `Not saved, but kept here: ${why}`,
  missingTitle: "Not found",
  missingPage: "There is no page at this address",
  missingScript: "There is no such script",
  missingHint: "It may have been on another installation, or the address has a mistake in it.",
  jobStopped: (/** @type {string} */ why) => `A job has stopped. ${why}`,
  showJobs: "Show jobs",
  imageNotLoaded: "The image could not be loaded. Reload the page to try again.",
};

const keys = {
  keysEverywhere: "Everywhere",
  keysScripts: "Scripts",
  keysNew: "New script",
  keysScript: "This script",
  keysDraft: "Text",
  keysScenes: "Storyboard",
  keysImages: "Images",
  keysReview: "Review",
  keysVideo: "Player",
  keysMake: "Video",
  keyHelp: "Keyboard shortcuts",
  keyScripts: "All scripts",
  keyNew: "New script",
  keyQueue: "Review what waits",
  keySearch: "Search",
  keyNext: "Next",
  keyPrevious: "Previous",
  keyApproveScene: "Approve this scene",
  keyReject: "Reject with a reason; Enter sends it",
  keyEdit: "Edit the words",
  keySplit: "In the words: split the scene at the caret",
  keySave: "In the words: save them",
  keyLeave: "In the words: leave them",
  keyBack: "Back to the plain view",
  keyPlay: "Play or pause",
  keyForward: "5 seconds on",
  keyBackward: "5 seconds back",
  keyFull: "Whole screen",
  lettersOn: "Single letters act as shortcuts",
  keyNames: /** @type {Record<string, string>} */ ({ ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Enter: "↵", Escape: "Esc", " ": "Space" }),
  keyNamesApple: { Ctrl: "⌘", Alt: "⌥" },
};

const statuses = {
  statuses: { DRAFT: "Draft", PENDING: "Waits", APPROVED: "Approved", REJECTED: "Rejected" },
  scriptStatuses: { DRAFT: "Draft", PENDING: "Waits", APPROVED: "Text approved", REJECTED: "Rejected" },
  sceneStatuses: { DRAFT: "Draft", PENDING: "Waits for you", APPROVED: "Approved", REJECTED: "Rejected" },
  imageStatuses: { DRAFT: "Draft", PENDING: "Waits for you", APPROVED: "Approved", REJECTED: "Rejected" },
  videoStatuses: { DRAFT: "Draft", PENDING: "Being made", APPROVED: "Ready", REJECTED: "Not made" },
  jobStates: {
    QUEUED: "Waits its turn", RUNNING: "At work", RETRYING: "Tries again", PARKED: "Waits for you", SUCCEEDED: "Done",
    FAILED: "Failed", CANCELLED: "Cancelled",
  },
  jobKinds: { SEGMENT_SCRIPT: "Cutting into scenes", GENERATE_IMAGE: "Image", COMPILE_VIDEO: "Video" },
  stages: { script: "Script", scenes: "Scenes", images: "Images", video: "Video" },
  stale: "Made from earlier words",
};

const money = {
  nothingSpent: "Nothing spent",
  unknownAmount: "cost unknown",
  atLeast: "at least ",
  atMost: (/** @type {string} */ amount) => `at most ${amount}`,
  costUnknown: "cost not known",
  ofBudget: (/** @type {string} */ amount) => `of ${amount}`,
  costFree: "Costs nothing: everything is made on this machine.",
  costLater: "The cost is shown, and asked for, before anything is paid.",
  costAbout: (/** @type {string} */ amount) => `The images cost about ${amount}, going by the scenes that wait now.`,
};

const scripts = {
  scriptsTitle: "Scripts",
  newScript: "New script",
  searchScripts: "Search titles and texts",
  whichScripts: "Which scripts",
  scriptFilters: { all: "All", drafts: "Drafts", archived: "Archived" },
  untitled: (/** @type {string} */ number) => `Script ${number}`,
  sceneCount: (/** @type {number} */ count) => (count ? some(count, "scene") : "no scenes yet"),
  progress: "Progress",
  reviewCount: (/** @type {number} */ count) => `Review ${count}`,
  troubleCount: (/** @type {number} */ count) => `${count} stopped`,
  moreOf: (/** @type {string} */ title) => `More for ${title}`,
  duplicate: "Duplicate",
  archive: "Archive",
  unarchive: "Bring back",
  archived: "Archived",
  isArchived: "Archived. It is out of the list and of the review queue.",
  isBack: "Brought back.",
  copyOf: (/** @type {string} */ title) => `${title} (copy)`,
  noScripts: "No script yet",
  noScriptsHint: "Paste a story or drop a file. You decide at every step; the machine does the work in between.",
  firstScript: "Write the first one",
  nothingFound: (/** @type {string} */ text) => `Nothing has “${text}” in it`,
  nothingFoundHint: "Titles and texts were searched. Try fewer words, or look among the archived ones.",
  nothingArchived: "Nothing is archived",
  nothingArchivedHint: "Archive a script from the menu in its row to get it out of the way.",
  toScripts: "To the scripts",
};

const writing = {
  newTitle: "New script",
  titleLabel: "Title",
  titleHint: "Found in the text if you leave it empty",
  contentLabel: "Text",
  contentHint: "Paste or type the script here, or drop a .txt, .md, .docx or .fountain file.",
  contentMissing: "The script has no words yet.",
  dropHere: "Drop the file to read it",
  chooseFile: "Choose a file",
  putBack: "Put back what was there",
  fileTaken: (/** @type {string} */ name) => `${name} was read. Look it over before you save it.`,
  fileTooLarge: (/** @type {string} */ name) => `${name} is too large to be a script. Split it, or paste the part you need.`,
  fileUnknown: (/** @type {string} */ name) => `${name} is of a kind that cannot be read here. Save it as .txt, .md, .docx or .fountain.`,
  fileEmpty: (/** @type {string} */ name) => `There are no words in ${name}.`,
  fileNotText: (/** @type {string} */ name) => `${name} is not a text file.`,
  fileNotWord: (/** @type {string} */ name) => `${name} is not a Word document that can be read. Save it again as .docx, or copy the text.`,
  moreSettings: "Style and budget",
  styleLabel: "Style of the images",
  styleHint: "Such as: pencil and watercolour, muted colours",
  budgetLabel: "Budget in US dollars",
  noBudget: "No limit",
  saveDraft: "Save as draft",
  saving: "Saving",
  newHint: "Nothing is made or paid for before you approve it.",
  counts: (/** @type {string} */ words, /** @type {string} */ characters) => `${words} words, ${characters} characters`,
  countsNone: "No words yet",
  estimates: (/** @type {number} */ scenes, /** @type {string} */ length) => `About ${some(scenes, "scene")} and ${length} minutes`,
  aboutScript: "About this script",
  wordsLabel: "Words",
  scenesLabel: "Scenes",
  lengthLabel: "Length",
  rename: "Rename",
  approveScript: "Approve the text",
  approveScriptHint: "Approved, it is cut into scenes, word for word. The text stays as it is from then on; the scenes can be edited.",
  allSaved: "Saved.",
  save: "Save",
  discard: "Discard",
  unsaved: "Not saved yet; kept in this browser.",
};

const steps = {
  stepsLabel: "Steps",
  stepApproved: "approved",
  stepDraft: "draft",
  stepCutting: "being cut",
  stepReady: "can be made",
  stepMade: "ready",
  stepStale: "older version",
  stepFailed: "not made",
  stepLater: "later",
  history: "History",
  reviewHere: "Review what waits here",
};

const scenes = {
  scenesLater: "No scenes yet",
  scenesLaterHint: "Approve the text first; it is then cut into scenes.",
  toText: "To the text",
  cutting: "Cutting the text into scenes",
  scenesApprovedOf: (/** @type {number} */ done, /** @type {number} */ all) => `${done} of ${all} scenes approved`,
  storyboardHint: (/** @type {string} */ split) => `J and K move, A approves, E edits. ${split} in the words splits the scene there.`,
  approve: "Approve",
  approveAll: (/** @type {number} */ count) => (count === 1 ? "Approve the one left" : `Approve all ${count}`),
  approveAllTitle: (/** @type {number} */ count) => `Approve ${some(count, "scene")}?`,
  approveAllWords: (/** @type {number} */ count) => `An image is then made of ${count === 1 ? "it" : "each of them"}. This cannot be undone, but every image waits for your decision.`,
  allApproved: (/** @type {number} */ count) => `${some(count, "scene")} approved. Their images are being made.`,
  someRefused: (/** @type {number} */ refused, /** @type {number} */ all) => `${refused} of ${all} scenes were not approved: they have changed meanwhile. Look at them and approve them again.`,
  sceneApproved: (/** @type {number} */ place) => `Scene ${place} approved`,
  approveSceneLabel: (/** @type {number} */ place) => `Approve scene ${place}`,
  saveFirst: "Save the words first, or discard them: what is approved is what is saved.",
  sceneLabel: (/** @type {number} */ place, /** @type {string | null} */ title) => `Scene ${place}${title ? `: ${title}` : ""}`,
  sceneNumber: (/** @type {number} */ place) => `Scene ${place}`,
  sceneUntitled: "Untitled scene",
  titleOfScene: (/** @type {number} */ place) => `Title of scene ${place}`,
  textOfScene: (/** @type {number} */ place) => `Words of scene ${place}`,
  sceneNeedsWords: "A scene needs words. Discard the change, or merge the scene with its neighbour.",
  splitHere: "Split at the caret",
  splitNowhere: "Put the caret between two words first: each part needs some.",
  sceneSplit: (/** @type {number} */ place) => `Scene ${place} is two scenes now.`,
  merge: "Merge with the next",
  scenesMerged: (/** @type {number} */ place) => `Merged into scene ${place}; it waits for you again.`,
  moveScene: (/** @type {number} */ place) => `Move scene ${place}. Arrow keys move it up and down.`,
  moveHint: "Drag to move; arrow keys do the same",
  moveUp: "Move up",
  moveDown: "Move down",
  moreOfScene: (/** @type {number} */ place) => `More for scene ${place}`,
  reordered: "The new order is saved.",
  contested: "Someone else has changed these words meanwhile. Theirs are:",
  keepMine: "Keep mine",
  useTheirs: "Use theirs",
};

const images = {
  imagesLater: "No images yet",
  imagesLaterHint: "An image is made of every scene that you approve.",
  toScenes: "To the scenes",
  illustratedOf: (/** @type {number} */ done, /** @type {number} */ all) => `${done} of ${all} scenes have their image`,
  whichScenes: "Which scenes",
  imageFilters: { all: "All", waiting: "Wait for you", missing: "Without image" },
  reviewOneByOne: "One by one",
  noneOfThese: "No scene like that",
  noneOfTheseHint: "Choose All to see every scene.",
  imageAfterApproval: "An image is made when the scene is approved",
  noImageYet: "No image yet",
  anotherWaits: "Another waits for you",
  imageAtWork: "Making an image",
  imageApproved: (/** @type {number} */ place) => `Image of scene ${place} approved`,
  imageRejected: (/** @type {number} */ place) => `Image of scene ${place} rejected`,
  imageChosen: (/** @type {number} */ place) => `This is the image of scene ${place} again`,
  imageAsked: (/** @type {number} */ place) => `Another image of scene ${place} is being made.`,
  newImage: (/** @type {number} */ place) => `A new image of scene ${place} is there`,
  attempt: (/** @type {number} */ number) => `Attempt ${number}`,
  attempts: (/** @type {number} */ count) => `${count} attempts`,
  attemptsTitle: "Attempts",
  chosen: "Chosen",
  choose: "Use this one",
  reject: "Reject",
  rejectAndRetry: "Reject, make another",
  approveStale: "Approve for the new words",
  staleHint: "The words were changed after this image was made. Approve it if it still fits them; reject it to have it made anew.",
  whyLabel: "What should be different?",
  whyHint: "Such as: closer, at night. Empty is fine, too.",
  another: "Another candidate",
  promptTitle: (/** @type {number} */ place) => `Another candidate for scene ${place}`,
  promptLabel: "Prompt, used as it stands",
  promptSend: "Make it from this prompt",
  promptWritten: "Have a prompt written",
  ownPrompt: "Write a prompt",
  scriptBudget: "This script’s budget",
  promptShown: "The prompt it was made from",
  lookAt: (/** @type {number} */ place, /** @type {string} */ status) => `Look at the image of scene ${place}: ${status}`,
  lookAtAttempt: (/** @type {number} */ place, /** @type {number} */ attempt, /** @type {string} */ status) => `Scene ${place}, attempt ${attempt}: ${status}. Look at it`,
  imageAlt: (/** @type {number} */ place, /** @type {string | null} */ title, /** @type {string} */ text) =>
    `Image of scene ${place}${title ? `, ${title}` : ""}: ${text.slice(0, 160)}`,
};

const review = {
  aboutThis: "About this scene",
  decisions: "Decisions",
  approveWords: "Approve the scene",
  zoom: "Zoom",
  compare: "Compare",
  nothingToCompare: "There is only this attempt so far.",
  theScript: "The script",
  ofScenes: (/** @type {number} */ count) => `of ${count}`,
  openCount: (/** @type {number} */ count) => (count ? `${count} to decide` : "all decided"),
  nothingWaits: "Nothing waits for you",
  nothingWaitsHint: "New scenes and images appear here, and in this tab’s title, as they come.",
  backToScript: "Back to the script",
  nowImage: (/** @type {number} */ place, /** @type {number} */ attempt, /** @type {number} */ at, /** @type {number} */ all) => `Image of scene ${place}, attempt ${attempt}. ${at} of ${all}`,
  nowScene: (/** @type {number} */ place, /** @type {number} */ at, /** @type {number} */ all) => `Words of scene ${place}. ${at} of ${all}`,
};

const video = {
  noVideo: "No video has been made yet.",
  noScenesYet: "The text has not been cut into scenes yet.",
  makeVideo: "Make the video",
  makeAnother: "Make a new version",
  readyForVideo: (/** @type {number} */ count) => `All ${some(count, "scene")} have their image. The video shows exactly these.`,
  notReady: (/** @type {number} */ count) => `${some(count, "scene is", "scenes are")} not ready yet:`,
  shortfalls: {
    SCENE_PENDING: "waits for your approval", IMAGE_MISSING: "has no image", IMAGE_PENDING: "has an image that waits for you",
    IMAGE_STALE: "was changed after its image was made",
  },
  andMore: (/** @type {number} */ count) => `and ${count} more`,
  sameAgain: "The newest video is of exactly these images.",
  videoAtWork: "Making the video",
  videoAgainHint: "Make a new version once that is mended.",
  videoStale: "Scenes or images have changed since",
  videoLabel: (/** @type {string} */ title) => `Video of ${title || "this script"}`,
  captions: "Captions",
  download: "Download",
  files: "More files",
  deliverables: { captions: "Captions (VTT)", subtitles: "Subtitles (SRT)", poster: "Still (JPEG)", preview: "Moving preview (WebP)", manifest: "Record (JSON)" },
  versions: "Versions",
  version: (/** @type {number} */ number) => `Version ${number}`,
  optionsTitle: "How it is made",
  optionsUsual: "as usual here",
  optionsChanged: "changed",
  optionsOf: (/** @type {number} */ number) => `as version ${number}`,
  optionsReset: "All as usual here",
  optionsBack: (/** @type {number} */ number) => `Back to version ${number}`,
  optionGroups: /** @type {Record<string, string>} */ ({ picture: "Picture", pace: "Pace", words: "Words and sound" }),
  asUsual: "As usual here",
  asTheRest: "As the rest",
  allAsTheRest: "All as the rest",
  noMusic: "None",
  addMusic: "Add music",
  listenTo: (/** @type {string} */ title) => `Listen to ${title}`,
  noVoice: "There is no voice here, so nothing will be spoken.",
  voiceHint: "A name the voice provider knows",
  sceneOptions: "Single scenes",
  sceneOptionsTitle: "Single scenes in the video",
  sceneOptionsHint: "What is left empty is as in the rest of the video. A longer narration wins over seconds.",
  sceneOptionsCount: (/** @type {number} */ count) => (count ? `${some(count, "scene")} otherwise` : ""),
  sceneInVideo: "In the video",
  sceneInVideoTitle: (/** @type {number} */ place) => `Scene ${place} in the video`,
  sceneInVideoNow: (/** @type {string[]} */ words) => `In the video: ${words.join(", ")}`,
  sceneOption: (/** @type {string} */ option, /** @type {number} */ place) => `${option} of scene ${place}`,
  seconds: (/** @type {string} */ value) => `${value} s`,
  videoLength: (/** @type {string} */ time) => `About ${time} long.`,
  videoFree: "Costs nothing.",
  videoCostUnknown: "What the voice costs is not known.",
  videoCosts: (/** @type {string} */ amount) => `The voice costs ${amount}.`,
  done: "Done",
  options: /** @type {Record<string, string>} */ ({
    aspect: "Shape", resolution: "Resolution", fill: "Picture fit", quality: "Quality", fps: "Frames a second", titleCard: "Title card",
    motion: "Camera", transition: "Transitions", transitionSeconds: "Their seconds", sceneSeconds: "Seconds each", captions: "Captions",
    narration: "Narration", voice: "Voice", music: "Music",
  }),
  ofScene: /** @type {Record<string, string>} */ ({ seconds: "Seconds", motion: "Camera", transition: "Transition into it" }),
  optionValues: /** @type {Record<string, string>} */ ({
    "aspect.WIDE": "Wide, 16:9", "aspect.TALL": "Tall, 9:16", "aspect.SQUARE": "Square, 1:1",
    "resolution.P720": "720p", "resolution.P1080": "1080p", "resolution.P1440": "1440p", "resolution.P2160": "2160p (4K)",
    "fill.BLUR": "Over a blurred copy", "fill.FIT": "Between black bars", "fill.CROP": "Cut at the edges",
    "quality.DRAFT": "Draft, quick", "quality.FINAL": "Final", "titleCard.true": "Begins with the title", "titleCard.false": "None",
    "motion.HOLD": "Still", "motion.KEN_BURNS": "Slow pan and zoom",
    "transition.CUT": "Cut", "transition.CROSSFADE": "Crossfade", "transition.FADE_BLACK": "Through black",
    "captions.NONE": "Not in the picture", "captions.PLAIN": "Plain", "captions.BOXED": "On a dark box", "captions.BOLD": "Large and bold",
    "narration.AUTO": "If there is a natural voice", "narration.ON": "Spoken", "narration.OFF": "Not spoken",
  }),
};

const jobs = {
  whichJobs: "Which jobs",
  jobFilters: { all: "All", active: "At work", trouble: "Need you" },
  noJobs: "No jobs here",
  noJobsHint: "Machine work appears here while it is done, and afterwards.",
  retry: "Try again",
  retryNow: "Try now",
  waitsForWorker: "waits its turn",
  attemptOf: (/** @type {number} */ attempt, /** @type {number} */ most) => `attempt ${attempt} of ${most}`,
  nextTry: (/** @type {string} */ time) => `next try in ${time}`,
  left: (/** @type {string} */ time) => `about ${time} left`,
  roles: /** @type {Record<string, string>} */ ({ TEXT: "The text model", IMAGES: "The image model", SPEECH: "The voice" }),
  providerPaused: (/** @type {string} */ role) => `${role} is paused.`,
  jobsWait: "Jobs that need it wait, and go on by themselves.",
  triedNow: "It is being tried.",
  nothingWaitsForProvider: "Nothing waits for it now: the next job tries it.",
  withMachines: "With machine work",
  orders: /** @type {Record<string, (what: string) => string>} */ ({
    retryJob: (what) => `sent the ${what} back to work`, cancelJob: (what) => `stopped the ${what}`, generateImage: (what) => `asked for another ${what}`,
  }),
  happened,
};

/** @type {Record<string, string>} */
const DEEDS = {
  createScript: "wrote the script", updateScript: "changed the script", approveScript: "approved the text", duplicateScript: "made this copy",
  archiveScript: "archived or brought back the script", reorderScenes: "put the scenes into another order", createVideo: "asked for a video",
};

/**
 * A sentence about what someone did, after their name.
 * @param {any} change
 * @returns {string}
 */
function happened(change) {
  if (change.kind === "JOB_CHANGED") {
    const kind = statuses.jobKinds[/** @type {"GENERATE_IMAGE"} */ (change.job?.kind)] ?? "a job";
    const order = change.job?.subject?.order;
    const what = `${kind.toLowerCase()}${order ? ` of scene ${order}` : ""}`;
    return jobs.orders[change.command]?.(what) ?? `${what}: ${statuses.jobStates[/** @type {"QUEUED"} */ (change.jobState)]?.toLowerCase() ?? ""}`;
  }
  const entity = change.subjectId.slice(0, change.subjectId.indexOf("_"));
  if (entity === "script" && DEEDS[change.command]) return DEEDS[change.command];
  const subject = change.subject;
  const what =
    entity === "scene" ? (subject?.order && change.kind !== "REMOVED" ? `scene ${subject.order}` : "a scene")
    : entity === "image" ? `${subject?.attempt > 1 ? `attempt ${subject.attempt}` : "the image"} of scene ${subject?.scene?.order ?? ""}`
    : entity === "video" ? "the video" : "the script";
  if (change.kind === "CREATED") return `${entity === "scene" ? "cut" : "made"} ${what}`;
  if (change.kind === "EDITED") return `changed ${what}`;
  if (change.kind === "DECIDED") return `went back to ${what}`;
  if (change.kind === "REMOVED") return `merged ${what} into the one before it`;
  /** @type {Record<string, string>} */
  const verbs = { APPROVED: entity === "video" ? "finished" : "approved", REJECTED: entity === "video" ? "could not make" : "rejected", PENDING: "reopened" };
  return `${verbs[change.newStatus] ?? "changed"} ${what}`;
}

export const m = {
  ...frame, ...failures, ...keys, ...statuses, ...money, ...scripts, ...writing, ...steps, ...scenes, ...images, ...review, ...video, ...jobs,
};
