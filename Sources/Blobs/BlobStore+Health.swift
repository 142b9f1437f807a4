internal import Disk
package import JSON
internal import NIOConcurrencyHelpers

extension BlobStore {
    /// An upload that accepts nothing but removal, because a write or sync of it failed.
    package struct LatchedUpload: Sendable, Hashable {
        package let id: String
        /// The failed call, without a path.
        package let reason: String
        package let since: Timestamp
    }

    /// The uploads that are latched, the earliest first.
    ///
    /// Quick, from any thread.
    package func latchedUploads() -> [LatchedUpload] {
        let uploads = state.withLockedValue { $0.uploads.values }
        var found: [LatchedUpload] = []
        for upload in uploads {
            guard let latch = upload.latch else { continue }
            let since = Timestamp(microseconds: latch.sinceMicroseconds)
            found.append(LatchedUpload(id: upload.id, reason: latch.cause.reason, since: since))
        }
        return found.sorted { ($0.since, $0.id) < ($1.since, $1.id) }
    }

    /// How many uploads are neither claimed nor deleted.
    package var unfinishedUploadCount: Int { state.withLockedValue { $0.known.count } }
}
