package import JSON

/// Reading a journal back.
extension UploadJournal {
    /// A journal as far as it can be believed.
    package struct Contents: Sendable, Hashable {
        package let header: Header
        package internal(set) var chunks: [Chunk] = []
        /// Where the line of each chunk begins.
        package internal(set) var chunkOffsets: [Int64] = []
        /// Where the last good line ends; whatever comes after it is `fault`.
        package internal(set) var end: Int64
        /// Why the line at `end` is no continuation, or nil where the journal ends there.
        package internal(set) var fault: Fault?

        /// When something last happened to the upload, as far as the journal knows.
        package var lastActivity: Timestamp { chunks.last?.at ?? header.createdAt }
    }

    package enum Fault: Sendable, Hashable {
        /// No newline ends the line: the write never finished.
        case torn
        /// The line is not what was written there.
        case damaged
        /// The line verifies but does not continue the one before.
        case outOfOrder
    }

    /// Returns the journal of upload `id` up to the first line that fails, or nil where that is the header.
    package static func parse(_ bytes: [UInt8], of id: BlobID) -> Contents? {
        var start = 0
        var contents: Contents?
        while start < bytes.count {
            guard let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else {
                contents?.fault = .torn
                break
            }
            let end = newline + 1
            let object: JSONObject
            do {
                object = try CheckedLine.open(Array(bytes[start..<end]), seed: id.seed &+ UInt64(start))
            } catch {
                contents?.fault = .damaged
                break
            }
            guard contents != nil else {
                guard let header = header(object, of: id) else { return nil }
                contents = Contents(header: header, end: Int64(end))
                start = end
                continue
            }
            guard let chunk = chunk(object), contents?.isContinued(by: chunk) == true else {
                contents?.fault = .outOfOrder
                break
            }
            contents?.chunks.append(chunk)
            contents?.chunkOffsets.append(Int64(start))
            contents?.end = Int64(end)
            start = end
        }
        return contents
    }

    /// Returns how many chunks the last verifying line calls durable, or nil where no line of a chunk verifies.
    ///
    /// Lines that fail are passed over: a later one proves that what stood before it had reached the disk.
    package static func durableChunkCount(_ bytes: [UInt8], of id: BlobID) -> Int? {
        var start = 0
        var count: Int?
        while let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            do {
                let line = try CheckedLine.open(Array(bytes[start...newline]), seed: id.seed &+ UInt64(start))
                if let chunk = chunk(line) { count = max(count ?? 0, chunk.durableChunkCount) }
            } catch {}
            start = newline + 1
        }
        return count
    }

    private static func header(_ object: JSONObject, of id: BlobID) -> Header? {
        guard object["format"]?.int == 1, object["upload_id"]?.string == id.text,
            let fileName = object["file_name"]?.string,
            let byteCount = object["file_size"]?.count,
            let chunkByteCount = object["chunk_size"]?.count,
            let createdAt = object["created_at"]?.string.flatMap({ Timestamp(parsing: $0) })
        else { return nil }
        return Header(
            id: id,
            fileName: fileName,
            byteCount: byteCount,
            chunkByteCount: Int(chunkByteCount),
            createdAt: createdAt
        )
    }

    private static func chunk(_ object: JSONObject) -> Chunk? {
        guard let index = object["chunk"]?.count, let byteCount = object["bytes"]?.count,
            let storedEnd = object["stored_end"]?.count, let frames = object["frames"]?.array,
            let digest = object["digest"]?.string, let durable = object["durable"]?.count,
            let at = object["at"]?.string.flatMap({ Timestamp(parsing: $0) })
        else { return nil }
        let parsed = frames.compactMap { frame -> Chunk.Frame? in
            // A seek table counts them in 32 bits.
            guard let counts = frame.array, counts.count == 2, let stored = counts[0].count,
                let content = counts[1].count, (1...Int64(UInt32.max)).contains(stored),
                (1...Int64(UInt32.max)).contains(content)
            else { return nil }
            return Chunk.Frame(storedByteCount: Int(stored), contentByteCount: Int(content))
        }
        guard parsed.count == frames.count else { return nil }
        return Chunk(
            index: Int(index),
            byteCount: Int(byteCount),
            storedEnd: storedEnd,
            frames: parsed,
            digest: digest,
            durableChunkCount: Int(durable),
            at: at
        )
    }
}

extension UploadJournal.Contents {
    /// Whether a chunk is the next one and its counts add up.
    fileprivate func isContinued(by chunk: UploadJournal.Chunk) -> Bool {
        chunk.index == chunks.count
            && chunk.byteCount == chunk.frames.reduce(0) { $0 + $1.contentByteCount }
            && chunk.storedEnd == (chunks.last?.storedEnd ?? 0)
                + chunk.frames.reduce(0) { $0 + Int64($1.storedByteCount) }
    }
}

extension JSON {
    /// A number of bytes or chunks, which is never negative.
    fileprivate var count: Int64? { int.flatMap { $0 >= 0 ? $0 : nil } }
}
