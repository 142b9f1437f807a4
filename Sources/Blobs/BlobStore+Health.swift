internal import Disk
package import JSON
internal import NIOConcurrencyHelpers

extension BlobStore {
    /// An upload that takes nothing any more, because a write or sync of it failed.
    package struct LatchedUpload: Sendable, Hashable {
        package let id: String
        /// What the disk did, without a path.
        package let reason: String
        package let since: Timestamp
    }

    /// The uploads that are latched, the longest standing first.
    ///
    /// Quick, from any thread.
    package func latchedUploads() -> [LatchedUpload] {
        let entries = state.withLockedValue { $0.entries.values }
        var found: [LatchedUpload] = []
        for case .live(let upload) in entries {
            let rules = upload.rules.withLockedValue { $0 }
            guard case .latched(let latch) = rules.phase else { continue }
            let since = Timestamp(microseconds: latch.sinceMicroseconds)
            found.append(LatchedUpload(id: upload.id.text, reason: latch.cause.reason, since: since))
        }
        return found.sorted { ($0.since, $0.id) < ($1.since, $1.id) }
    }

    /// How many uploads are neither claimed nor gone.
    package var unfinishedUploadCount: Int { state.withLockedValue { $0.known.count } }
}
