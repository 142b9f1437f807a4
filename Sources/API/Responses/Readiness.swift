internal import Blobs
internal import JSON
internal import NIOConcurrencyHelpers
internal import Store

/// The health of the server at one moment.
///
/// Shape, with all checks:
///
///     {"status":"degraded","checks":[
///         {"name":"disk","status":"degraded","reason":"it is full: pwrite: No space left on device",
///          "since":"2026-11-28T21:17:35.000000Z","free_bytes":0},
///         {"name":"log telemetry","status":"ok"},
///         {"name":"uploads","status":"ok","unfinished":3}]}
struct Readiness: Sendable {
    enum Status: String, CaseIterable {
        case ready
        /// There are problems, but other requests are served.
        case degraded
        /// A signal to stop has arrived.
        case stopping
    }

    let status: Status
    /// All problems.
    let conditions: [HealthCondition]
    /// The checks that are always listed.
    private let subjects: [String]
    private let freeByteCount: Int64?
    private let unfinishedUploadCount: Int

    private static let disk = "disk"
    private static let uploads = "uploads"

    init(store: Store, blobs: BlobStore, space: SpaceWatch, isStopping: Bool) {
        let latched = blobs.latchedUploads()
        freeByteCount = store.freeByteCount
        conditions =
            store.conditions()
            + latched.prefix(1).map { first in
                HealthCondition(
                    subject: Self.uploads,
                    reason: "\(latched.count) can only be aborted: \(first.reason)",
                    since: first.since
                )
            }
            + [freeByteCount.flatMap { space.condition(of: Self.disk, freeByteCount: $0) }].compactMap(\.self)
        status = isStopping ? .stopping : conditions.isEmpty ? .ready : .degraded
        subjects = store.healthSubjects + [Self.uploads]
        unfinishedUploadCount = blobs.unfinishedUploadCount
    }

    func json(isVerbose: Bool) -> JSON {
        var object: JSONObject = ["status": .string(status.rawValue)]
        if isVerbose { object["checks"] = .array(checks.map { .object($0) }) }
        return .object(object)
    }

    /// The checks in the order of the subjects, then other problems.
    private var checks: [JSONObject] {
        let others = conditions.filter { !subjects.contains($0.subject) }
        return subjects.flatMap(checks(of:)) + others.map(check)
    }

    private func checks(of subject: String) -> [JSONObject] {
        var found = conditions.filter { $0.subject == subject }.map(check)
        if found.isEmpty { found = [["name": .string(subject), "status": "ok"]] }
        if subject == Self.disk, let freeByteCount { found[0]["free_bytes"] = JSON(freeByteCount) }
        if subject == Self.uploads { found[0]["unfinished"] = JSON(unfinishedUploadCount) }
        return found
    }

    private func check(_ condition: HealthCondition) -> JSONObject {
        [
            "name": .string(condition.subject), "status": "degraded", "reason": .string(condition.reason),
            "since": .string(condition.since.description),
        ]
    }

    static let schema = Schema.object([
        .required("status", .oneOf(Status.allCases.map(\.rawValue))),
        .optional(
            "checks",
            .array(
                .object([
                    .required("name", .string, "The subject of the check: disk, reserve, log telemetry, uploads"),
                    .required("status", .oneOf(["ok", "degraded"])),
                    .optional("reason", .string, "The problem"),
                    .optional("since", .timestamp),
                    .optional("free_bytes", .count, "Free space of the disk"),
                    .optional("unfinished", .count, "Uploads that are neither published nor deleted"),
                ])
            ),
            "Present with verbose"
        ),
    ])
}

/// Notices when the disk has less free space than the largest write can need, and since when.
final class SpaceWatch: Sendable {
    private let freeByteCountMin: Int64
    private let since = NIOLockedValueBox<Timestamp?>(nil)

    init(freeByteCountMin: Int64) {
        self.freeByteCountMin = freeByteCountMin
    }

    /// Returns the problem; nil if there is enough space.
    func condition(of subject: String, freeByteCount: Int64) -> HealthCondition? {
        let since = since.withLockedValue { since in
            since = freeByteCount < freeByteCountMin ? since ?? Timestamp.now() : nil
            return since
        }
        return since.map { since in
            let reason = "it is almost full: \(freeByteCount) bytes are free, one file may need \(freeByteCountMin)"
            return HealthCondition(subject: subject, reason: reason, since: since)
        }
    }
}
