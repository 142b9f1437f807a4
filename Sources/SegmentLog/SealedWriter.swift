internal import Disk
internal import JSON
internal import Zstd

/// Writes lines as the file of a sealed segment, frame by frame.
///
/// The file is called `….new` until it is complete and synced. The writer holds one frame of lines and at most 1 MiB of
/// frames.
struct SealedWriter {
    private static let level: Int32 = 1
    private static let pendingByteCountMax = 1 << 20

    let id: SegmentID
    private let path: String
    private let directory: String
    private let disk: any Disk
    private let file: File
    private let contexts: ZstdContexts
    private let digest = XXH3Digest()
    private var table = SeekTable(frames: [])
    /// The lines of the incomplete frame.
    private var lines: [UInt8] = []
    /// Frames that are not written yet, and the number of written bytes.
    private var pending: [UInt8] = []
    private var writtenByteCount: Int64 = 0
    /// Bytes of all lines so far.
    private(set) var byteCount: Int64 = 0
    private var recordCount = 0
    private var firstAt = Timestamp.earliest
    private var lastAt = Timestamp.earliest

    init(_ id: SegmentID, directory: String, _ contexts: ZstdContexts, on disk: any Disk) throws(StorageError) {
        self.id = id
        self.directory = directory
        self.disk = disk
        self.contexts = contexts
        path = "\(directory)/\(SegmentName.make(id, .sealed))"
        let newPath = path + SegmentName.unfinishedSuffix
        if try disk.entry(newPath) != nil { try disk.remove(newPath) }
        file = try File(newPath, .create, on: disk)
    }

    /// Adds the line of a record, whose time is `at`.
    mutating func append(_ line: ArraySlice<UInt8>, at: Timestamp) throws(StorageError) {
        lines.append(contentsOf: line)
        byteCount += Int64(line.count)
        recordCount += 1
        if recordCount == 1 { firstAt = at }
        lastAt = at
        if lines.count >= SealedFile.frameByteCount { try endFrame() }
    }

    /// Makes the file durable under its final name and returns its entry for the manifest; nil without records, and
    /// then without a file.
    mutating func finish(last: UInt64) throws(StorageError) -> Manifest.Closed? {
        guard recordCount > 0 else {
            discard()
            return nil
        }
        if !lines.isEmpty { try endFrame() }
        pending.append(contentsOf: table.bytes)
        try flush()
        try file.synchronize()
        try disk.rename(path + SegmentName.unfinishedSuffix, to: path)
        try disk.synchronizeDirectory(directory)
        return Manifest.Closed(
            first: id.first,
            last: last,
            byteCount: byteCount,
            digest: digest.hex,
            sealed: Manifest.Sealed(
                generation: id.generation,
                recordCount: recordCount,
                storedByteCount: writtenByteCount,
                frameCount: table.frames.count,
                tableChecksum: XXH3.hash64(table.entryBytes),
                firstAt: firstAt,
                lastAt: lastAt
            )
        )
    }

    /// Removes the file; if that fails, the next open removes it.
    func discard() {
        for path in [path + SegmentName.unfinishedSuffix, path] {
            do throws(StorageError) { if try disk.entry(path) != nil { try disk.remove(path) } } catch {}
        }
    }

    private mutating func endFrame() throws(StorageError) {
        let contentByteCount = lines.count
        let start = pending.count
        let bound = ZstdContexts.storedByteCountMax(contentByteCount: contentByteCount)
        pending.append(contentsOf: repeatElement(0, count: bound))
        let contexts = contexts
        let count = lines.withUnsafeBytes { content in
            digest.update(content)
            return pending.withUnsafeMutableBytes { output in
                contexts.compress(
                    content,
                    level: Self.level,
                    into: UnsafeMutableRawBufferPointer(rebasing: output[start...])
                )
            }
        }
        guard let count else { preconditionFailure("a frame is never longer than its bound") }
        pending.removeLast(bound - count)
        table.frames.append(
            SeekTable.Frame(
                storedByteCount: UInt32(count),
                contentByteCount: UInt32(contentByteCount),
                checksum: pending.littleEndian(at: pending.count - 4)
            )
        )
        lines.removeAll(keepingCapacity: true)
        if pending.count >= Self.pendingByteCountMax { try flush() }
    }

    private mutating func flush() throws(StorageError) {
        try file.write(pending, at: writtenByteCount)
        writtenByteCount += Int64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }
}
