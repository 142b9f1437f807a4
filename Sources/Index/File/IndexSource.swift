internal import Disk

/// The bytes of an index file.
enum IndexSource: Sendable {
    /// Kept open: the file stays readable after it was replaced or removed.
    case file(File)
    /// Of a file that a full disk had no space for.
    case memory([UInt8])

    var byteCount: Int {
        get throws(StorageError) {
            switch self {
            case .file(let file): Int(try file.byteCount)
            case .memory(let bytes): bytes.count
            }
        }
    }

    /// Returns `count` bytes from `offset` on; fewer only at the end of the file.
    func bytes(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
        switch self {
        case .file(let file): try file.bytes(at: Int64(offset), count: count)
        case .memory(let bytes): Array(bytes.dropFirst(offset).prefix(count))
        }
    }
}
