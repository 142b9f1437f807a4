internal import Disk
internal import JSON
internal import Zstd

/// The end of a blob file: metadata frame, then seek table.
///
/// Shape: content frames, ``BlobMetadata``, ``SeekTable``. The table's last entry is the metadata frame, which has no
/// content, so that other readers of the seekable format find the content frames.
/// A tail is written once, by `complete`, and synced before the file gets its final name. So a file of that name without
/// a valid tail is damaged.
struct BlobTail: Sendable {
    let metadata: BlobMetadata
    /// The content frames, in order.
    let frames: [SeekTable.Frame]
    let bytes: [UInt8]

    /// XXH64 of nothing.
    private static let emptyChecksum: UInt32 = 0x51D8_E999

    /// Makes the tail of a file after its content frames.
    init(
        of id: BlobID,
        fileName: String,
        frames: [SeekTable.Frame],
        content: ContentDigest.Values,
        storedXXH3_128: String,
        createdAt: Timestamp
    ) {
        self.frames = frames
        metadata = BlobMetadata(
            blobID: id,
            fileName: fileName,
            byteCount: frames.reduce(0) { $0 + Int64($1.contentByteCount) },
            storedByteCount: frames.reduce(0) { $0 + Int64($1.storedByteCount) },
            frameCount: frames.count,
            content: content,
            storedXXH3_128: storedXXH3_128,
            seekTableXXH3: XXH3.hash64(SeekTable(frames: frames).entryBytes),
            createdAt: createdAt
        )
        let metadataBytes = metadata.bytes
        let entry = SeekTable.Frame(
            storedByteCount: UInt32(metadataBytes.count),
            contentByteCount: 0,
            checksum: Self.emptyChecksum
        )
        bytes = metadataBytes + SeekTable(frames: frames + [entry]).bytes
    }

    /// Reads and verifies the tail of a file against its length and itself; reads no content.
    init(of id: BlobID, in file: File) throws(StorageError) {
        let table = try Self.table(in: file)
        guard let entry = table.frames.last, entry.contentByteCount == 0, entry.checksum == Self.emptyChecksum,
            entry.storedByteCount <= BlobMetadata.byteCountMax
        else { throw file.violation(.seekTable, at: 0) }
        let frames = Array(table.frames.dropLast())
        let offset = frames.reduce(0) { $0 + Int64($1.storedByteCount) }
        let metadataBytes = try file.content(at: offset, count: Int(entry.storedByteCount))
        guard let metadata = BlobMetadata(parsing: metadataBytes, of: id) else {
            throw file.violation(.metadata, at: offset)
        }
        guard metadata.frameCount == frames.count, metadata.storedByteCount == offset,
            metadata.byteCount == frames.reduce(0, { $0 + Int64($1.contentByteCount) }),
            metadata.seekTableXXH3 == XXH3.hash64(SeekTable(frames: frames).entryBytes)
        else { throw file.violation(.seekTable, at: offset + Int64(metadataBytes.count)) }
        self.metadata = metadata
        self.frames = frames
        bytes = metadataBytes + table.bytes
    }

    /// Returns the table at the end of a file, whose entries must add up to the file's length.
    private static func table(in file: File) throws(StorageError) -> SeekTable {
        let byteCount = try file.byteCount
        let footerOffset = byteCount - Int64(SeekTable.footerByteCount)
        guard footerOffset >= 0 else { throw file.violation(.truncated, at: byteCount) }
        let footer = try file.content(at: footerOffset, count: SeekTable.footerByteCount)
        guard let frameCount = SeekTable.frameCount(footer: footer) else {
            throw file.violation(.seekTable, at: footerOffset)
        }
        let tableByteCount = SeekTable.byteCount(frameCount: frameCount)
        let tableOffset = byteCount - Int64(tableByteCount)
        guard tableOffset >= 0 else { throw file.violation(.seekTable, at: footerOffset) }
        guard let table = SeekTable(parsing: try file.content(at: tableOffset, count: tableByteCount)),
            table.frames.reduce(0, { $0 + Int64($1.storedByteCount) }) == tableOffset
        else { throw file.violation(.seekTable, at: tableOffset) }
        return table
    }

    /// The properties of the blob.
    var description: BlobDescription {
        BlobDescription(
            blobID: metadata.blobID.text,
            fileName: metadata.fileName,
            byteCount: metadata.byteCount,
            storedByteCount: metadata.storedByteCount + Int64(bytes.count),
            sha256: metadata.content.sha256,
            xxh3_128: metadata.content.xxh3_128,
            createdAt: metadata.createdAt
        )
    }
}

extension File {
    func violation(_ reason: Corruption.Blob, at offset: Int64) -> StorageError {
        .corrupt(Corruption(path: path, offset: offset, reason: .blob(reason)))
    }

    /// Returns exactly `count` bytes from `offset` on; a file that ends before them is corrupt.
    func content(at offset: Int64, count: Int) throws(StorageError) -> [UInt8] {
        let bytes = try bytes(at: offset, count: count)
        guard bytes.count == count else { throw violation(.truncated, at: offset + Int64(bytes.count)) }
        return bytes
    }
}
