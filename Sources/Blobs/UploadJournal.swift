package import JSON

/// The lines that describe an upload and its chunks.
///
/// Shape: `journal.jsonl`, one ``CheckedLine`` each, first the header, then a line for each chunk that counts:
///
///     {"format":1,"upload_id":"7b0c…","file_name":"seed.npz","file_size":921601,"chunk_size":921600,"created_at":"…","xxh3":"…"}
///     {"chunk":0,"bytes":921600,"stored_end":858112,"frames":[[244100,262144],…],"digest":"…","durable":0,"at":"…","xxh3":"…"}
///
/// `stored_end` is where the chunk's last frame ends in `data.part`; `frames` are [stored, content] byte counts;
/// `digest` is the XXH3-128 of the chunk; `durable` is how many chunks were on stable storage when the line was written,
/// which distinguishes damage from the effect of a power cut. The seed of a line is the hash of the upload's id plus the
/// line's offset.
///
/// A chunk's line is written after its frames and before its response: both are then in the page cache and survive the
/// process. A line may reach the disk without its frames, so recovery verifies the frames.
/// Source: docs/FORMAT.md, "Uploads".
package enum UploadJournal {
    /// The most that is ever read: 65,536 chunks of forty frames each stay well below it.
    package static let byteCountMax = 64 << 20
    /// The longest first line: a name of 1,024 bytes, each written as an escape, and the rest.
    static let headerByteCountMax = 16 << 10

    /// The first line: the parameters of `begin`.
    package struct Header: Sendable, Hashable {
        package let id: BlobID
        package let fileName: String
        /// Nil if the file came in one request that did not say how long it is.
        package let byteCount: Int64?
        package let chunkByteCount: Int
        package let createdAt: Timestamp

        /// How many chunks of the announced length the file has; nil if its length is not known.
        var chunkCount: Int? { byteCount.map { Int(($0 + Int64(chunkByteCount) - 1) / Int64(chunkByteCount)) } }
    }

    /// Any later line: a chunk that counts.
    package struct Chunk: Sendable, Hashable {
        package struct Frame: Sendable, Hashable {
            package let storedByteCount: Int
            package let contentByteCount: Int
        }

        package let index: Int
        package let byteCount: Int
        package let storedEnd: Int64
        package let frames: [Frame]
        package let digest: String
        package let durableChunkCount: Int
        package let at: Timestamp
    }

    /// Returns the first line.
    package static func line(_ header: Header) -> [UInt8] {
        let object: JSONObject = [
            "format": header.byteCount == nil ? 4 : 1,
            "upload_id": .string(header.id.text),
            "file_name": .string(header.fileName),
            "file_size": header.byteCount.map { JSON($0) } ?? .null,
            "chunk_size": .number(JSONNumber(Int64(header.chunkByteCount))),
            "created_at": .string(header.createdAt.description),
        ]
        return CheckedLine.seal(object, seed: header.id.seed)
    }

    /// Returns the line of a chunk, for this offset.
    package static func line(_ chunk: Chunk, of id: BlobID, at offset: Int64) -> [UInt8] {
        let frames = chunk.frames.map { frame in
            JSON.array([
                .number(JSONNumber(Int64(frame.storedByteCount))), .number(JSONNumber(Int64(frame.contentByteCount))),
            ])
        }
        let object: JSONObject = [
            "chunk": .number(JSONNumber(Int64(chunk.index))),
            "bytes": .number(JSONNumber(Int64(chunk.byteCount))),
            "stored_end": .number(JSONNumber(chunk.storedEnd)),
            "frames": .array(frames),
            "digest": .string(chunk.digest),
            "durable": .number(JSONNumber(Int64(chunk.durableChunkCount))),
            "at": .string(chunk.at.description),
        ]
        return CheckedLine.seal(object, seed: id.seed &+ UInt64(offset))
    }
}
