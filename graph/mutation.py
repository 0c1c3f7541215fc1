"""Mutations: each decodes its input, calls one command and shows what came of it."""

from __future__ import annotations

from typing import Annotated

from domain.errors import DomainError
from domain.lifecycle import Entity
from graph import decisions, inputs, payloads
from graph.arranging import ArrangingMutation
from graph.context import Info
from graph.fields import argument, mutation, object_type
from graph.ids import local_id, music_number
from graph.payloads import Outcome, declined
from graph.renders import render_request
from workflow import images, jobs, music, scenes, scripts, videos

_INPUT = "What is asked for."


@object_type("What people may do. Each field is one transaction; those of one operation run one after another.")
class Mutation(ArrangingMutation):
    @mutation(payloads.CreateScriptPayload, "Store a new script as a draft.")
    async def create_script(self, info: Info, input: Annotated[inputs.CreateScriptInput, argument(_INPUT)]) -> Outcome:
        try:
            script = await scripts.create_script(
                info.context.commands, title=input.title, content=input.content, style=input.style,
                budget=input.budget, actor=info.context.actor, idempotency_key=input.idempotency_key,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error)
        info.context.forget()
        return Outcome(script=script)

    @mutation(
        payloads.UpdateScriptPayload,
        "Change a script's title, style and budget, at any time, or its text, while it is a draft.",
    )
    async def update_script(self, info: Info, input: Annotated[inputs.UpdateScriptInput, argument(_INPUT)]) -> Outcome:
        try:
            script = await scripts.update_script(
                info.context.commands, script_id=local_id(Entity.SCRIPT, input.id), actor=info.context.actor,
                title=input.title, content=input.content, style=input.style, budget=input.budget,
                no_budget=bool(input.no_budget), expected_version=input.expected_version,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, input.id)
        info.context.forget()
        return Outcome(script=script)

    @mutation(payloads.ApproveScriptPayload, "Approve a draft: `DRAFT` → `APPROVED`. It is then cut into scenes.")
    async def approve_script(
        self, info: Info, input: Annotated[inputs.ApproveScriptInput, argument(_INPUT)]
    ) -> Outcome:
        try:
            approval = await scripts.approve_script(
                info.context.commands, script_id=local_id(Entity.SCRIPT, input.id), actor=info.context.actor,
                feedback=input.feedback, expected_version=input.expected_version,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, input.id)
        info.context.forget()
        return Outcome(script=approval.script, job=approval.job)

    @mutation(
        payloads.UpdateScenePayload,
        "Change a scene's title or text. New text takes an approved scene back to `PENDING`.",
    )
    async def update_scene(self, info: Info, input: Annotated[inputs.UpdateSceneInput, argument(_INPUT)]) -> Outcome:
        try:
            scene = await scenes.update_scene(
                info.context.commands, scene_id=local_id(Entity.SCENE, input.id), actor=info.context.actor,
                text=input.text, title=input.title, expected_version=input.expected_version,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, input.id)
        info.context.forget()
        return Outcome(scene=scene)

    @mutation(payloads.ApproveScenePayload, "Approve a scene: `PENDING` → `APPROVED`. An image of it is then made.")
    async def approve_scene(self, info: Info, input: Annotated[inputs.ApproveSceneInput, argument(_INPUT)]) -> Outcome:
        return await decisions.approve_scene(info, input)

    @mutation(
        payloads.GenerateImagePayload,
        "Make one more image of an approved scene, from a prompt of one's own or a written one.",
    )
    async def generate_image(
        self, info: Info, input: Annotated[inputs.GenerateImageInput, argument(_INPUT)]
    ) -> Outcome:
        try:
            job = await images.generate_image(
                info.context.commands, scene_id=local_id(Entity.SCENE, input.scene_id, field="sceneId"),
                actor=info.context.actor, prompt=input.prompt, idempotency_key=input.idempotency_key,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, id_field="sceneId")
        info.context.forget()
        return Outcome(job=job)

    @mutation(
        payloads.ApproveImagePayload,
        "Approve an image: `PENDING` → `APPROVED`. It becomes its scene's chosen one.",
    )
    async def approve_image(self, info: Info, input: Annotated[inputs.ApproveImageInput, argument(_INPUT)]) -> Outcome:
        return await decisions.approve_image(info, input)

    @mutation(
        payloads.RejectImagePayload,
        "Reject an image: `PENDING` → `REJECTED`. Another one is made if its scene is approved.",
    )
    async def reject_image(self, info: Info, input: Annotated[inputs.RejectImageInput, argument(_INPUT)]) -> Outcome:
        return await decisions.reject_image(info, input)

    @mutation(payloads.CreateVideoPayload, "Make a video of exactly the chosen images and present texts of a script.")
    async def create_video(self, info: Info, input: Annotated[inputs.CreateVideoInput, argument(_INPUT)]) -> Outcome:
        try:
            request = await videos.create_video(
                info.context.commands, script_id=local_id(Entity.SCRIPT, input.script_id, field="scriptId"),
                actor=info.context.actor, render=render_request(input.render), idempotency_key=input.idempotency_key,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, id_field="scriptId")
        info.context.forget()
        return Outcome(video=request.video, job=request.job)

    @mutation(
        payloads.RemoveMusicPayload,
        "Remove a piece of music that was sent. One that a video waits for or is being made with stays.",
    )
    async def remove_music(self, info: Info, input: Annotated[inputs.RemoveMusicInput, argument(_INPUT)]) -> Outcome:
        try:
            script = await music.remove_music(
                info.context.commands, music_id=music_number(input.id, field=("id",)), actor=info.context.actor
            )
        except DomainError as error:
            return await declined(info, error)
        info.context.forget()
        return Outcome(script=script)

    @mutation(
        payloads.RetryJobPayload,
        "Send a failed or waiting job back into the queue. A video's that has failed is not: ask for a new one.",
    )
    async def retry_job(self, info: Info, input: Annotated[inputs.RetryJobInput, argument(_INPUT)]) -> Outcome:
        try:
            job = await jobs.retry_job(
                info.context.commands, job_id=local_id(Entity.JOB, input.id), actor=info.context.actor
            )
        except DomainError as error:
            return await declined(info, error, input.id)
        info.context.forget()
        return Outcome(job=job)

    @mutation(
        payloads.CancelJobPayload,
        "End a job that has not ended; a result that comes later is thrown away. A video is rejected by it.",
    )
    async def cancel_job(self, info: Info, input: Annotated[inputs.CancelJobInput, argument(_INPUT)]) -> Outcome:
        try:
            job = await jobs.cancel_job(
                info.context.commands, job_id=local_id(Entity.JOB, input.id), actor=info.context.actor
            )
        except DomainError as error:
            return await declined(info, error, input.id)
        info.context.forget()
        return Outcome(job=job)
