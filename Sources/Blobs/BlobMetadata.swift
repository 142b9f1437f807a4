internal import JSON
internal import Zstd

/// The description of a blob in its file, in a frame that every zstd decoder skips.
///
/// Shape: the magic `5D 2A 4D 18`, the length of the line in four bytes, little-endian, then the line:
///
///     {"format":1,"blob_id":"7b0c…","file_name":"seed.npz","byte_count":921600,"stored_byte_count":858112,
///      "frames":4,"sha256":"…","xxh3_128":"…","stored_xxh3_128":"…","seek_table":"…","created_at":"…","xxh3":"…"}
///
/// It is a ``CheckedLine`` with the hash of the blob's id as its seed, so the tail of another blob does not verify.
/// `stored_byte_count` and `stored_xxh3_128` are of all content frames as they are stored;
/// `seek_table` is the XXH3-64 of their entries in the seek table, which has no checksum of its own.
/// Source: docs/FORMAT.md, "Blobs".
struct BlobMetadata: Sendable, Hashable {
    let blobID: BlobID
    let fileName: String
    let byteCount: Int64
    let storedByteCount: Int64
    let frameCount: Int
    let content: ContentDigest.Values
    let storedXXH3_128: String
    let seekTableXXH3: UInt64
    let createdAt: Timestamp

    static let headerByteCount = 8
    /// The maximum length of the line: a file name has at most 1,024 bytes, each at most six in JSON.
    static let byteCountMax = 16 << 10
    private static let magic: UInt32 = 0x184D_2A5D

    /// The frame, header included.
    var bytes: [UInt8] {
        let object: JSONObject = [
            "format": 1,
            "blob_id": .string(blobID.text),
            "file_name": .string(fileName),
            "byte_count": .number(JSONNumber(byteCount)),
            "stored_byte_count": .number(JSONNumber(storedByteCount)),
            "frames": .number(JSONNumber(Int64(frameCount))),
            "sha256": .string(content.sha256),
            "xxh3_128": .string(content.xxh3_128),
            "stored_xxh3_128": .string(storedXXH3_128),
            "seek_table": .string(Hexadecimal.text(seekTableXXH3)),
            "created_at": .string(createdAt.description),
        ]
        let line = CheckedLine.seal(object, seed: blobID.seed)
        var bytes: [UInt8] = []
        bytes.append(littleEndian: Self.magic)
        bytes.append(littleEndian: UInt32(line.count))
        return bytes + line
    }
}

extension BlobMetadata {
    /// Nil unless `bytes` are exactly the metadata frame of the blob with this id.
    init?(parsing bytes: [UInt8], of id: BlobID) {
        guard bytes.count > Self.headerByteCount, bytes.littleEndian(at: 0) == Self.magic,
            Int(bytes.littleEndian(at: 4)) == bytes.count - Self.headerByteCount
        else { return nil }
        let object: JSONObject
        do {
            object = try CheckedLine.open(Array(bytes.dropFirst(Self.headerByteCount)), seed: id.seed)
        } catch {
            return nil
        }
        guard object["format"]?.int == 1, object["blob_id"]?.string == id.text,
            let fileName = object["file_name"]?.string,
            let byteCount = object["byte_count"]?.int,
            let storedByteCount = object["stored_byte_count"]?.int,
            let frameCount = object["frames"]?.int,
            let sha256 = object["sha256"]?.string,
            let xxh3_128 = object["xxh3_128"]?.string,
            let storedXXH3_128 = object["stored_xxh3_128"]?.string,
            let seekTable = object["seek_table"]?.string.flatMap(Hexadecimal.value(of:)),
            let createdAt = object["created_at"]?.string.flatMap({ Timestamp(parsing: $0) })
        else { return nil }
        self.init(
            blobID: id,
            fileName: fileName,
            byteCount: byteCount,
            storedByteCount: storedByteCount,
            frameCount: Int(frameCount),
            content: ContentDigest.Values(sha256: sha256, xxh3_128: xxh3_128),
            storedXXH3_128: storedXXH3_128,
            seekTableXXH3: seekTable,
            createdAt: createdAt
        )
    }
}

extension BlobID {
    /// Ties every checked line of an upload or blob to its id.
    var seed: UInt64 { XXH3.hash64(text) }
}
