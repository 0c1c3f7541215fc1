"""The way from a script to a video, step by step, as a client of each face takes it."""

from __future__ import annotations

from tests.running import SCRIPT, Json, RunningSystem, until

STATUS_CHANGES = """
subscription($after: Cursor, $scriptId: ID) {
  statusChanged(after: $after, scriptId: $scriptId) { id cursor subjectId version previousStatus newStatus actor }
}"""

HISTORY = """
query($id: ID!, $after: String) {
  script(id: $id) {
    history(first: 100, after: $after) {
      nodes { id cursor subjectId version previousStatus newStatus actor }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

_SCENES = """
query($id: ID!) {
  script(id: $id) {
    segmentation { state }
    scenes { id status version text order chosenImage { id } images { id status version stale } generation { state } }
  }
}"""


class GraphQLClient:
    """Takes the steps by GraphQL alone."""

    def __init__(self, system: RunningSystem) -> None:
        self.system = system

    def mutate(self, name: str, selection: str, **arguments: object) -> Json:
        """The payload of a mutation that is not declined."""
        kind = name[0].upper() + name[1:] + "Input!"
        field = f"{name}(input: $input) {{ {selection} userErrors {{ code message }} }}"
        document = f"mutation($input: {kind}) {{ {field} }}"
        payload: Json = self.system.graphql(document, input=arguments)[name]
        assert payload["userErrors"] == [], payload
        return payload

    def create_script(self, content: str = SCRIPT, **arguments: object) -> str:
        script_id: str = self.mutate("createScript", "script { id }", content=content, **arguments)["script"]["id"]
        return script_id

    def approve_script(self, script_id: str) -> list[Json]:
        """Also waits for the scenes."""
        self.mutate("approveScript", "script { status } job { id }", id=script_id)
        until(lambda: self._script(script_id)["segmentation"]["state"] == "SUCCEEDED", what="the segmentation")
        return self.scenes(script_id)

    def scenes(self, script_id: str) -> list[Json]:
        scenes: list[Json] = self._script(script_id)["scenes"]
        return scenes

    def approve_scenes(self, script_id: str) -> None:
        for scene in self.scenes(script_id):
            self.mutate("approveScene", "scene { id }", id=scene["id"], expectedVersion=scene["version"])

    def pending_images(self, script_id: str) -> list[Json]:
        """One for each scene, once they are there."""

        def ready() -> list[Json]:
            scenes = self.scenes(script_id)
            pending = [image for scene in scenes for image in scene["images"] if image["status"] == "PENDING"]
            return pending if len(pending) == len(scenes) else []

        return until(ready, 60, "an image of each scene")

    def approve_images(self, script_id: str) -> None:
        for image in self.pending_images(script_id):
            self.mutate("approveImage", "image { id }", id=image["id"], expectedVersion=image["version"])

    def create_video(self, script_id: str, **render: object) -> Json:
        """Waits until it is made; `render` is how."""
        asked = {"render": render} if render else {}
        video_id = self.mutate("createVideo", "video { id status }", scriptId=script_id, **asked)["video"]["id"]
        return until(lambda: self.finished_video(video_id), 60, "the video")

    def finished_video(self, video_id: str) -> Json | None:
        query = "query($id: ID!) { video(id: $id) { id status error url filePath durationSeconds } }"
        video: Json = self.system.graphql(query, id=video_id)["video"]
        return video if video["status"] != "PENDING" else None

    def history(self, script_id: str) -> list[Json]:
        """Every status change, by the paged query."""
        changes: list[Json] = []
        after = None
        while True:
            page = self.system.graphql(HISTORY, id=script_id, after=after)["script"]["history"]
            changes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return changes
            after = page["pageInfo"]["endCursor"]

    def _script(self, script_id: str) -> Json:
        script: Json = self.system.graphql(_SCENES, id=script_id)["script"]
        return script


def moves(changes: list[Json]) -> list[tuple[str, str | None, str]]:
    """What happened to what, in order."""
    return [(change["subjectId"], change["previousStatus"], change["newStatus"]) for change in changes]
