internal import Blobs
internal import Catalog
internal import Federation
internal import Hummingbird
internal import JSON
internal import NIOCore

/// A file that arrives in ordered chunks: `init`, any number of `chunk`s, `complete`.
///
/// A chunk's 200 means that it arrived completely and in order, and survives a crash of the server; the response to
/// `complete` means that all chunks are on stable storage. After a power cut, `GET file-upload/{id}` shows with which
/// chunk to continue.
struct UploadRoutes: Sendable {
    let blobs: BlobStore
    let options: ServerOptions

    private static let statusMembers: [Schema.Member] = [
        .required("upload_id"), .required("file_name"),
        .required("file_size", .nullable(.integer), "Null while a file of unknown length arrives in one request"),
        .required("chunk_size", .integer),
        .required("bytes_received", .integer, "Bytes that survive a crash of the server"),
        .required("bytes_durable", .integer, "Bytes that survive a power cut"), .required("next_chunk_index", .integer),
        .required("complete", .bool), .required("created_at", .timestamp), .required("expires_at", .timestamp),
    ]

    private static let unknown = Endpoint.Answer.refused(404, "Unknown upload_id")

    func add(to table: inout RouteTable) {
        addWrites(to: &table)
        table.add(
            .get("file-upload"),
            "Lists the unfinished uploads, the oldest first, also those that are complete but not used yet.",
            answers: .ok([.required("count", .count), .required("result", .array(.object(Self.statusMembers)))]),
            use: list
        )
        table.add(
            .get("file-upload/{id}"),
            "Returns the progress of an upload.",
            answers: .ok(Self.statusMembers),
            Self.unknown,
            use: status
        )
    }

    private func addWrites(to table: inout RouteTable) {
        let busy = Endpoint.Answer.refused(409, "Another request is using the upload, or a newer one replaced this one")
        table.add(
            .post("file-upload/init"),
            "Starts an upload.",
            body: .fields([
                .required("file_name", .fileName), .required("file_size", .count, "Bytes"),
                .optional("chunk_size", .integer, "Preferred chunk size in bytes; the server may choose another"),
            ]),
            answers: .ok([.required("upload_id"), .required("chunk_size", .count), .required("total_chunks", .count)]),
            .refused(400, "A field is missing or invalid, or the file is too large"),
            .refused(429, "Too many unfinished uploads"),
            use: begin
        )
        table.add(
            .post("file-upload/{id}/chunk"),
            "Appends one chunk.",
            parameters: [
                .header("X-Chunk-Index", .count, "From 0, in order").required,
                .header("X-Chunk-Checksum", .string, "Optional: sha256:<64 hex digits> or xxh3:<32 hex digits>"),
            ],
            body: .bytes,
            answers: .ok([.required("chunk_index", .integer), .required("bytes_received", .integer)]),
            Self.unknown,
            busy,
            .refused(400, "The chunk is not the next one, goes past the end, or does not match its checksum"),
            .refused(413, "The chunk is too long"),
            use: chunk
        )
        table.add(
            .post("file-upload/{id}/complete"),
            "Completes an upload; the file is then on stable storage.",
            answers: .ok([
                .required("file_token"), .required("file_name"), .required("file_size", .integer),
                .required("checksum", .string, "SHA-256"),
            ]),
            Self.unknown,
            .refused(400, "Not all chunks have been received"),
            busy,
            use: complete
        )
        table.add(
            .post("file-upload/{id}/abort"),
            "Aborts an upload and deletes its bytes.",
            answers: .ok(.message),
            Self.unknown,
            busy,
            use: abort
        )
    }

    @Sendable func begin(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let fileName = try FileName(fields["file_name"]).text
        let upload = try await blobs.begin(
            fileName: fileName,
            byteCount: try fields.integer("file_size") ?? { throw ValidationError.missingField("file_size") }(),
            chunkByteCount: try fields.integer("chunk_size").map { Int($0) },
            owner: context.address
        )
        return Response([
            "upload_id": .string(upload.id),
            "chunk_size": JSON(upload.chunkByteCount),
            "total_chunks": upload.chunkCount.map { JSON($0) } ?? .null,
        ])
    }

    @Sendable func status(_ request: Request, context: LedgeContext) async throws -> Response {
        Response(try await blobs.upload(context.parameter("id")).status.json)
    }

    @Sendable func list(_ request: Request, context: LedgeContext) async throws -> Response {
        let uploads = try await blobs.unfinishedUploads()
        return Response(["count": JSON(Int64(uploads.count)), "result": .array(uploads.map(\.json))])
    }

    /// Stores the body as it arrives, with any `Content-Type`.
    ///
    /// A chunk that is incomplete or does not match its checksum is rejected.
    @Sendable func chunk(_ request: Request, context: LedgeContext) async throws -> Response {
        guard let indexText = request.headers[.chunkIndex] else { throw RequestError.missingHeader("X-Chunk-Index") }
        guard let index = Int64(decimal: indexText.trimmingSpaces) else {
            throw RequestError.malformedHeader("X-Chunk-Index", expected: "a number from 0")
        }
        let checksum = try request.headers[.chunkChecksum].map { try ChunkChecksum(header: $0) }
        let byteCountMax = blobs.options.chunkByteCountMax
        if let declared = request.declaredByteCount, declared > byteCountMax {
            throw UploadError.chunkTooLarge(byteCountMax: byteCountMax)
        }
        let upload = try await blobs.upload(context.parameter("id"))
        let receiver = try await upload.receive(chunk: Int(index), expecting: checksum)
        let receipt: ChunkReceipt
        do {
            try await request.forEachBuffer { try await receiver.take($0.readableBytesView) }
            receipt = try await receiver.finish()
        } catch {
            await receiver.cancel()
            throw error
        }
        return Response([
            "chunk_index": JSON(receipt.index),
            "bytes_received": JSON(receipt.receivedByteCount),
        ])
    }

    @Sendable func complete(_ request: Request, context: LedgeContext) async throws -> Response {
        let upload = try await blobs.upload(context.parameter("id")).complete()
        return Response([
            "file_token": .string(upload.token),
            "file_name": .string(upload.fileName),
            "file_size": JSON(upload.byteCount),
            "checksum": .string(upload.sha256),
        ])
    }

    @Sendable func abort(_ request: Request, context: LedgeContext) async throws -> Response {
        try await blobs.abort(context.parameter("id"))
        return Response(["message": "Upload aborted"])
    }
}

extension UploadStatus {
    fileprivate var json: JSON {
        [
            "upload_id": .string(id),
            "file_name": .string(fileName),
            "file_size": byteCount.map { JSON($0) } ?? .null,
            "chunk_size": JSON(chunkByteCount),
            "bytes_received": JSON(receivedByteCount),
            "bytes_durable": JSON(durableByteCount),
            "next_chunk_index": JSON(nextChunkIndex),
            "complete": .bool(isComplete),
            "created_at": .string(createdAt.description),
            "expires_at": .string(expiresAt.description),
        ]
    }
}

extension ChunkChecksum {
    /// Reads `sha256:<64 hex digits>` or `xxh3:<32 hex digits>`, in either case.
    init(header: String) throws(RequestError) {
        let parts = header.trimmingSpaces.lowercased().split(separator: ":", maxSplits: 1).map(String.init)
        let isHexadecimal = parts.count == 2 && parts[1].utf8.allSatisfy { $0.hexDigit != nil }
        switch (parts.first, parts.last?.utf8.count) {
        case ("sha256", 64) where isHexadecimal: self = .sha256(parts[1])
        case ("xxh3", 32) where isHexadecimal: self = .xxh3_128(parts[1])
        default:
            throw .malformedHeader("X-Chunk-Checksum", expected: "sha256:<64 hex digits> or xxh3:<32 hex digits>")
        }
    }
}
