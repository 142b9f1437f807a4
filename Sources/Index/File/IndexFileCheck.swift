package import Disk
package import SegmentLog

/// Verifies an index file offline.
package enum IndexFileCheck {
    /// The result of checking an index file.
    package enum Outcome: Sendable, Hashable {
        /// Every block matches its checksum.
        case whole(byteCount: Int64)
        /// The file is missing: the next start rebuilds it.
        case missing
        /// Of another format or schema, for example of an earlier build: the next start rebuilds it.
        case outdated(Corruption.Reason)
        /// Damaged, or not the index of this segment: the next start rebuilds it if the header shows that.
        case unusable(Corruption.Reason)
    }

    /// The path of the index of a sealed segment in the directory of its log.
    package static func path(of segment: SegmentSummary, in directory: String) -> String {
        "\(directory)/\(SegmentName.make(segment.id, .index))"
    }

    /// Verifies every byte of the index of a sealed segment.
    ///
    /// - Throws: ``StorageError/disk(_:)`` if it cannot be read.
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
            switch error {
            case .corrupt(let corruption):
                switch corruption.reason {
                case .index(.otherFormat), .index(.ofOtherSchema): return .outdated(corruption.reason)
                default: return .unusable(corruption.reason)
                }
            case _ where error.isMissing: return .missing
            default: throw error
            }
        }
    }
}
