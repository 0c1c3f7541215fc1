// Everything the page asks the API for. A thing that is to be kept in the store is asked for with `__typename` and `id`.

const JOB = /* GraphQL */ `fragment JobParts on Job {
  __typename id version kind state attempt maxAttempts queuedAt startedAt finishedAt note
  progress { fraction completed total step secondsLeft }
  error { code message retryable nextRetryAt }
  subject { __typename id }
}`;

const IMAGE = /* GraphQL */ `fragment ImageParts on Image {
  __typename id status version createdAt updatedAt allowedActions attempt stale width height url
  thumbnail: url(width: 320) small: url(width: 640) medium: url(width: 1280)
  lastDecision { status feedback actor decidedAt }
  replaces { __typename id }
  scene { __typename id }
}`;

const SCENE = /* GraphQL */ `fragment SceneParts on Scene {
  __typename id status version createdAt updatedAt allowedActions order title text removedAt
  lastDecision { status feedback actor decidedAt }
  script { __typename id }
  chosenImage { __typename id }
  generation { ...JobParts }
  estimate { amount calls currency }
}`;

const VIDEO = /* GraphQL */ `fragment VideoParts on Video {
  __typename id status version createdAt updatedAt allowedActions error
  across: width down: height file: url durationSeconds byteSize stale
  posterUrl previewUrl captionsUrl subtitlesUrl manifestUrl
  lastDecision { status feedback actor decidedAt }
  script { __typename id }
  compilation { ...JobParts }
}`;

const RENDER = /* GraphQL */ `render {
  aspect width height fps quality motion transition transitionSeconds fill captions titleCard narration voice musicId sceneSeconds
  scenes { sceneId seconds motion transition }
}`;

const SCRIPT = /* GraphQL */ `fragment ScriptParts on Script {
  __typename id status version createdAt updatedAt allowedActions title style budget archivedAt
  lastDecision { status feedback actor decidedAt }
  progress { scenes scenesApproved scenesIllustrated awaitingReview jobsActive jobsFailed }
  cost { calls amount currency unknownCalls }
  estimate { amount calls currency }
  segmentation { ...JobParts }
  latestVideo { __typename id }
}`;

const SUBJECT = /* GraphQL */ `subject {
  __typename id
  ... on Script { ...ScriptParts }
  ... on Scene { ...SceneParts }
  ... on Image { ...ImageParts scene { ...SceneParts } }
  ... on Video { ...VideoParts }
}`;

const EVERYTHING = [SCRIPT, SCENE, IMAGE, VIDEO, JOB].join("\n");

export const SCRIPTS = /* GraphQL */ `query Scripts($after: String, $filter: ScriptFilter) {
  scripts(first: 30, after: $after, filter: $filter, orderBy: UPDATED_AT_DESC) {
    nodes { ...ScriptParts latestVideo { ...VideoParts } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
${SCRIPT} ${VIDEO} ${JOB}`;

export const SCRIPT_WHOLE = /* GraphQL */ `query Script($id: ID!) {
  eventCursor
  script(id: $id) {
    ...ScriptParts
    content
    scenes { ...SceneParts images { ...ImageParts } }
    videos { ...VideoParts ${RENDER} }
    music { id title durationSeconds url }
  }
}
${EVERYTHING}`;

export const SCRIPT_COUNTS = /* GraphQL */ `query ScriptCounts($id: ID!) {
  script(id: $id) { ...ScriptParts }
}
${SCRIPT} ${JOB}`;

export const SCENE_WHOLE = /* GraphQL */ `query Scene($id: ID!) {
  scene(id: $id) {
    ...SceneParts
    images { ...ImageParts prompt cost { calls amount currency unknownCalls } }
    script { __typename id version title status }
  }
}
${SCENE} ${IMAGE} ${JOB}`;

export const HISTORY = /* GraphQL */ `query History($id: ID!, $after: String) {
  script(id: $id) {
    changes(first: 60, after: $after) {
      nodes {
        cursor kind actor occurredAt subjectId previousStatus newStatus jobState feedback command
        subject { ... on Scene { order title } ... on Image { attempt scene { order } } }
        job { kind subject { ... on Scene { order } } }
      }
      pageInfo { hasNextPage endCursor }
      totalCount
    }
  }
}`;

export const MUSIC = /* GraphQL */ `query Music($id: ID!) { script(id: $id) { music { id title durationSeconds url } } }`;

export const VIDEO_ESTIMATE = /* GraphQL */ `query VideoEstimate($id: ID!, $render: RenderInput) {
  script(id: $id) { videoEstimate(render: $render) { amount calls currency } }
}`;

export const JOBS = /* GraphQL */ `query Jobs($scriptId: ID, $after: String, $states: [JobState!]) {
  jobs(first: 50, after: $after, scriptId: $scriptId, states: $states) {
    nodes {
      ...JobParts
      cost { calls amount currency unknownCalls }
      about: subject {
        ... on Script { title number: id }
        ... on Scene { order title script { title number: id } }
        ... on Video { number: id script { title number: id } }
      }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
${JOB}`;

export const QUEUE = /* GraphQL */ `query ReviewQueue($after: String, $scriptId: ID) {
  reviewQueue(first: 100, after: $after, scriptId: $scriptId) {
    nodes {
      __typename id
      ... on Scene { ...SceneParts script { __typename id version title status } }
      ... on Image { ...ImageParts scene { ...SceneParts script { __typename id version title status } } }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
${SCENE} ${IMAGE} ${JOB}`;

export const CREATED = /* GraphQL */ `query Created($id: ID!) { node(id: $id) { ... on Reviewable { createdAt } } }`;

export const WAITING = /* GraphQL */ `query Waiting { eventCursor reviewQueue(first: 1) { totalCount } }`;

export const PROVIDERS = /* GraphQL */ `query Providers {
  providers { provider }
  reviewQueue(first: 20) { nodes { ... on Scene { estimate { amount calls currency } } } }
}`;

export const PAUSES = /* GraphQL */ `query Pauses { providers { role pause { code message since retryAt } } }`;

export const WAITING_FOR_PROVIDER = /* GraphQL */ `query WaitingForProvider {
  jobs(first: 100, states: [RETRYING]) { nodes { id error { code } } }
}`;

export const STATUS_CHANGED = /* GraphQL */ `subscription StatusChanged($after: Cursor) {
  statusChanged(after: $after) { cursor subjectId previousStatus newStatus feedback actor occurredAt ${SUBJECT} }
}
${EVERYTHING}`;

export const SCRIPT_CHANGED = /* GraphQL */ `subscription ScriptChanged($scriptId: ID!, $after: Cursor) {
  scriptChanged(scriptId: $scriptId, after: $after) {
    cursor kind subjectId previousStatus newStatus feedback actor occurredAt
    ${SUBJECT}
    job { ...JobParts }
  }
}
${EVERYTHING}`;

export const JOB_PROGRESS = /* GraphQL */ `subscription JobProgress($scriptId: ID) {
  jobProgress(scriptId: $scriptId) { ...JobParts }
}
${JOB}`;

const REFUSED = "userErrors { code message field }";

/**
 * A mutation with one `input`, by its name, what it answers with, and the fragments for that.
 * @param {string} name
 * @param {string} answer
 * @param {string[]} fragments
 */
function mutation(name, answer, ...fragments) {
  const input = `${name[0].toUpperCase()}${name.slice(1)}Input`;
  return `mutation ${name}($input: ${input}!) { ${name}(input: $input) { ${answer} ${REFUSED} } } ${fragments.join(" ")}`;
}

const aScript = ["script { ...ScriptParts }", SCRIPT, JOB];
const aScene = ["scene { ...SceneParts }", SCENE, JOB];

/** @type {Record<string, string>} */
export const MUTATIONS = {
  createScript: mutation("createScript", aScript[0], ...aScript.slice(1)),
  updateScript: mutation("updateScript", "script { ...ScriptParts content }", ...aScript.slice(1)),
  approveScript: mutation("approveScript", aScript[0], ...aScript.slice(1)),
  duplicateScript: mutation("duplicateScript", aScript[0], ...aScript.slice(1)),
  archiveScript: mutation("archiveScript", aScript[0], ...aScript.slice(1)),
  updateScene: mutation("updateScene", aScene[0], ...aScene.slice(1)),
  approveScene: mutation("approveScene", `${aScene[0]} job { ...JobParts }`, ...aScene.slice(1)),
  splitScene: mutation("splitScene", `${aScene[0]} newScene { ...SceneParts }`, ...aScene.slice(1)),
  mergeScenes: mutation("mergeScenes", aScene[0], ...aScene.slice(1)),
  reorderScenes: mutation(
    "reorderScenes", "script { ...ScriptParts scenes { __typename id version order } }", SCRIPT, JOB,
  ),
  approveScenes: mutation(
    "approveScenes", `results { target: id scene { ...SceneParts } ${REFUSED} }`, SCENE, JOB,
  ),
  reviewImages: mutation(
    "reviewImages", `results { target: id image { ...ImageParts scene { ...SceneParts } } ${REFUSED} }`, IMAGE, SCENE, JOB,
  ),
  approveImage: mutation("approveImage", "image { ...ImageParts scene { ...SceneParts } }", IMAGE, SCENE, JOB),
  rejectImage: mutation(
    "rejectImage", "image { ...ImageParts scene { ...SceneParts } } job { ...JobParts }", IMAGE, SCENE, JOB,
  ),
  chooseImage: mutation("chooseImage", "image { ...ImageParts scene { ...SceneParts } }", IMAGE, SCENE, JOB),
  generateImage: mutation("generateImage", "job { ...JobParts }", JOB),
  createVideo: mutation("createVideo", `video { ...VideoParts ${RENDER} } job { ...JobParts }`, VIDEO, JOB),
  retryJob: mutation("retryJob", "job { ...JobParts }", JOB),
  cancelJob: mutation("cancelJob", "job { ...JobParts }", JOB),
};
