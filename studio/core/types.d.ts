// What the API answers with, as far as the page asks for it. References are ids: the store keeps each thing once.

export type Status = "DRAFT" | "PENDING" | "APPROVED" | "REJECTED";
export type Action = "EDIT" | "APPROVE" | "REJECT" | "GENERATE" | "CHOOSE" | "RETRY" | "CANCEL" | "CREATE_VIDEO";
export type JobState = "QUEUED" | "RUNNING" | "RETRYING" | "PARKED" | "SUCCEEDED" | "FAILED" | "CANCELLED";

export interface Cost { calls: number; amount: string | null; currency: string; unknownCalls: number }
export interface Estimate { calls: number; amount: string | null; currency: string }
export interface Decision { status: Status; feedback: string | null; actor: string; decidedAt: string }

export interface Thing {
  __typename: string;
  id: string;
  status: Status;
  version: number;
  createdAt: string;
  updatedAt: string;
  allowedActions: Action[];
  lastDecision: Decision | null;
}

export interface Progress {
  scenes: number; scenesApproved: number; scenesIllustrated: number;
  awaitingReview: number; jobsActive: number; jobsFailed: number;
}

export interface Script extends Thing {
  title: string | null; content?: string; style: string | null; budget: string | null; archivedAt: string | null;
  progress?: Progress; cost?: Cost; estimate?: Estimate | null;
  segmentation?: string | null; latestVideo?: string | null; scenes?: string[]; videos?: string[]; music?: Music[];
}

export interface Music { id: string; title: string; durationSeconds: number; url: string }

export interface Scene extends Thing {
  order: number; title: string | null; text: string; removedAt: string | null; script: string;
  chosenImage: string | null; generation: string | null; estimate: Estimate | null; images?: string[];
}

export interface Picture extends Thing {
  attempt: number; prompt?: string; stale: boolean; width: number; height: number; url: string;
  thumbnail?: string; small?: string; medium?: string; replaces: string | null; scene: string; cost?: Cost;
}

export interface Video extends Thing {
  error: string | null; across: number | null; down: number | null; durationSeconds: number | null;
  byteSize: number | null; stale: boolean; file: string | null; compilation: string | null;
  posterUrl: string | null; previewUrl: string | null; captionsUrl: string | null; subtitlesUrl: string | null;
  manifestUrl: string | null; render?: Render | null;
}

export interface SceneRender { sceneId: string; seconds: number | null; motion: string | null; transition: string | null }

export interface Render {
  aspect: string | null; width: number; height: number; fps: number; quality: string; motion: string;
  transition: string; transitionSeconds: number; fill: string; captions: string; titleCard: boolean;
  narration: string; voice: string | null; musicId: string | null; sceneSeconds: number | null; scenes: SceneRender[];
}

export interface JobError { code: string; message: string; retryable: boolean; nextRetryAt: string | null }

export interface Job {
  __typename: string; id: string; version: number; kind: "SEGMENT_SCRIPT" | "GENERATE_IMAGE" | "COMPILE_VIDEO"; state: JobState;
  attempt: number; maxAttempts: number; queuedAt: string; startedAt: string | null; finishedAt: string | null;
  note: string | null; error: JobError | null; subject?: string;
  progress: { fraction: number; completed: number; total: number; step: string | null; secondsLeft: number | null };
}

export interface Provider {
  role: "TEXT" | "IMAGES" | "SPEECH"; pause: { code: string; message: string; since: string; retryAt: string } | null;
}

export interface UserError { code: string; message: string; field: string[] | null }

export interface Change {
  cursor: string; kind: string; subjectId: string; previousStatus: Status | null; newStatus: Status | null;
  feedback: string | null; actor: string; occurredAt: string; subject: string | null; job?: string | null;
}

export interface Command {
  type: string; wanted: Status; label: string; at: number; done?: string;
  /** What it is about, the first of them, and when that came to be. */
  ids: string[]; id: string; createdAt: string;
  /** One for each request; those that were answered are taken out. */
  inputs: Record<string, unknown>[];
  patches: [string, Record<string, unknown>][];
}

export interface Binding {
  keys: string[]; label: string; run: (event: KeyboardEvent) => void; inText?: boolean; when?: () => boolean;
}

export interface Draft { text: string; base: string; version: number; at: number }
