package import Disk

/// Keeps segments of a log readable as long as it exists, also after they were merged or dropped.
///
/// The space of their deleted files is freed with it.
package final class SegmentPin: Sendable {
    private let ids: [SegmentID]
    private let files: SegmentFiles

    fileprivate init(_ ids: [SegmentID], _ files: SegmentFiles) throws(StorageError) {
        try files.pin(ids)
        self.ids = ids
        self.files = files
    }

    deinit {
        files.unpin(ids)
    }
}

extension SegmentLog {
    /// Keeps segments readable until the pin is released.
    ///
    /// - Throws: ``StorageError/retired`` if one of them was merged or dropped.
    package func pin(_ ids: [SegmentID]) throws(StorageError) -> SegmentPin {
        try SegmentPin(ids, files)
    }
}
