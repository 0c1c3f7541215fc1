"""The GraphQL documents of `reelgate produce`."""

from typing import Final

JOB: Final = """
fragment Work on Job {
  id state progress { fraction step secondsLeft } error { message }
}
"""

CREATE: Final = """
mutation Create($input: CreateScriptInput!) {
  createScript(input: $input) { script { id } userErrors { code message } }
}"""

APPROVE_SCRIPT: Final = """
mutation ApproveScript($input: ApproveScriptInput!) {
  approveScript(input: $input) { script { id } userErrors { code message } }
}"""

UPDATE_SCENE: Final = """
mutation UpdateScene($input: UpdateSceneInput!) {
  updateScene(input: $input) { scene { id version text } userErrors { code message } }
}"""

APPROVE_SCENE: Final = """
mutation ApproveScene($input: ApproveSceneInput!) {
  approveScene(input: $input) { scene { id } userErrors { code message } }
}"""

APPROVE_IMAGE: Final = """
mutation ApproveImage($input: ApproveImageInput!) {
  approveImage(input: $input) { image { id } userErrors { code message } }
}"""

REJECT_IMAGE: Final = """
mutation RejectImage($input: RejectImageInput!) {
  rejectImage(input: $input) { image { id } userErrors { code message } }
}"""

CREATE_VIDEO: Final = """
mutation CreateVideo($input: CreateVideoInput!) {
  createVideo(input: $input) { video { id } userErrors { code message field } }
}"""

GENERATE_IMAGE: Final = """
mutation GenerateImage($input: GenerateImageInput!) {
  generateImage(input: $input) { job { id } userErrors { code message } }
}"""

RETRY: Final = """
mutation Retry($input: RetryJobInput!) {
  retryJob(input: $input) { job { id } userErrors { code message } }
}"""

SCRIPT: Final = """
query Script($id: ID!) {
  script(id: $id) { id title status version content }
}"""

PROGRESS: Final = (
    """
query Progress($id: ID!) {
  script(id: $id) {
    progress { scenes scenesApproved scenesIllustrated awaitingReview jobsActive }
    segmentation { ...Work }
  }
  jobs(scriptId: $id, states: [RETRYING], first: 1) { nodes { ...Work } }
}"""
    + JOB
)

PENDING_SCENES: Final = """
query PendingScenes($id: ID!) {
  script(id: $id) { scenes(status: PENDING) { id order title text status version } }
}"""

ILLUSTRATIONS: Final = (
    """
query Illustrations($id: ID!) {
  script(id: $id) {
    scenes {
      id order text status version
      generation { ...Work }
      chosenImage { id status version stale attempt url }
      images(status: PENDING) { id status version stale attempt url }
    }
  }
}"""
    + JOB
)

LATEST_VIDEO: Final = """
query LatestVideo($id: ID!) {
  script(id: $id) { latestVideo { id status stale } }
}"""

VIDEO_ESTIMATE: Final = """
query VideoEstimate($id: ID!, $render: RenderInput) {
  script(id: $id) { videoEstimate(render: $render) { amount currency calls } }
}"""

VIDEO: Final = (
    """
query Video($id: ID!) {
  video(id: $id) {
    id status error url sha256 durationSeconds byteSize captionsUrl compilation { note ...Work }
  }
}"""
    + JOB
)
