internal import Disk
internal import NIOConcurrencyHelpers

/// The segments that are open for reading: few at a time, however many the log has.
///
/// Reading needs no lock against the writer: a pointer is handed out after its line was synced, and durable bytes
/// never change.
final class SegmentFiles: Sendable {
    /// Enough for a page of results; twenty logs stay far below the usual limit of 1024 descriptors.
    private static let openCountMax = 32

    private let directory: String
    private let disk: any Disk
    private let files = NIOLockedValueBox<[UInt64: File]>([:])

    init(directory: String, on disk: any Disk) {
        self.directory = directory
        self.disk = disk
    }

    /// The file of the segment whose first sequence is `first`.
    func file(_ first: UInt64) throws(DiskError) -> File {
        if let file = files.withLockedValue({ $0[first] }) { return file }
        let file = try File("\(directory)/\(SegmentName.make(first))", .read, on: disk)
        files.withLockedValue { files in
            // Any one may go: it closes when its last reader is done. Newest first is how logs are read.
            if files.count >= Self.openCountMax, let oldest = files.keys.min() { files[oldest] = nil }
            files[first] = file
        }
        return file
    }
}
