package import Disk
package import SegmentLog

/// Reads an index file without a server and tells whether it is what was written.
package enum IndexFileCheck {
    /// What is found where an index file should be.
    package enum Outcome: Sendable, Hashable {
        /// Every block matches its checksum.
        case whole(byteCount: Int64)
        /// Nothing: the next start makes it again.
        case missing
        /// Not the index of this segment, or not all of it: the next start makes it again where the head shows that.
        case unusable(Corruption.Reason)
    }

    /// The path of the index of a sealed segment in the directory of its log.
    package static func path(of segment: SegmentSummary, in directory: String) -> String {
        "\(directory)/\(SegmentName.make(segment.id, .index))"
    }

    /// Verifies every byte of the index of a sealed segment.
    ///
    /// - Throws: ``StorageError/disk(_:)`` where it cannot be read.
    package static func run(
        of segment: SegmentSummary,
        in directory: String,
        _ schema: IndexSchema,
        on disk: any Disk
    ) throws(StorageError) -> Outcome {
        do throws(StorageError) {
            let index = try MappedIndex.open(path(of: segment, in: directory), of: segment, schema, on: disk)
            try index.verify()
            return .whole(byteCount: index.byteCount)
        } catch {
            if case .corrupt(let corruption) = error { return .unusable(corruption.reason) }
            guard error.isMissing else { throw error }
            return .missing
        }
    }
}
