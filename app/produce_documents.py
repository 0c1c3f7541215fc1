"""The GraphQL documents of `reelgate produce`."""

from typing import Final

JOB: Final = """
fragment Work on Job {
  id state attempt maxAttempts progress { fraction completed total step } error { message nextRetryAt }
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
  createVideo(input: $input) { video { id } userErrors { code message } }
}"""

RETRY: Final = """
mutation Retry($input: RetryJobInput!) {
  retryJob(input: $input) { job { id } userErrors { code message } }
}"""

OVERVIEW: Final = (
    """
query Overview($id: ID!) {
  script(id: $id) {
    id title status version content
    progress { scenes scenesApproved scenesIllustrated awaitingReview jobsActive jobsFailed }
    segmentation { ...Work }
  }
}"""
    + JOB
)

PROGRESS: Final = (
    """
query Progress($id: ID!) {
  script(id: $id) {
    status
    progress { scenes scenesApproved scenesIllustrated awaitingReview jobsActive jobsFailed }
    segmentation { ...Work }
  }
}"""
    + JOB
)

SCENES: Final = (
    """
query Scenes($id: ID!) {
  script(id: $id) {
    scenes {
      id order title text status version
      generation { ...Work }
      chosenImage { id stale }
      images { id status version stale attempt url prompt }
    }
  }
}"""
    + JOB
)

VIDEO: Final = (
    """
query Video($id: ID!) {
  video(id: $id) { id status error url durationSeconds byteSize compilation { ...Work } }
}"""
    + JOB
)
