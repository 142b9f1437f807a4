internal import Blobs
internal import Catalog
internal import Federation
internal import HummingbirdCore
internal import JSON
internal import NIOCore

/// A `multipart/form-data` body with fields and one file, as clients before 1.1 send a model.
///
/// The file is written to disk as it arrives, as an upload of its own; it may be any of the parts. Its length shows only
/// when the next delimiter has arrived.
struct MultipartForm: Sendable {
    let boundary: String
    /// The name of the part that contains the file.
    let fileField: String
    let blobs: BlobStore

    /// Maximum number of bytes of the other fields, names and values together.
    private static let fieldByteCountMax = 64 << 10
    /// At most so many bytes of a body that is not refused are not those of the file: fields, delimiters and headers.
    private static let otherByteCountMax = 1 << 20

    /// Reads the body, and returns its fields, with the `file_token` of the finished upload, and that upload's id if the
    /// body has a file.
    ///
    /// An upload that does not finish is removed.
    func read(_ request: Request) async throws -> (fields: JSONObject, uploadID: String?) {
        if let byteCount = request.declaredByteCount { try await requireSpace(byteCount) }
        var reading = Reading(parser: try MultipartParser(boundary: boundary))
        do {
            try await request.forEachBuffer { buffer in
                reading.parser.append(buffer)
                while let event = try reading.parser.next() { try await take(event, &reading) }
            }
            guard reading.parser.isComplete else { throw MultipartError.truncated }
        } catch {
            await reading.file?.abort()
            throw error
        }
        return (reading.fields, reading.file?.id)
    }

    /// Refuses a body whose file must be too large, before it is read.
    private func requireSpace(_ byteCount: Int64) async throws {
        let fileByteCount = byteCount - Int64(Self.otherByteCountMax)
        guard fileByteCount <= blobs.options.fileByteCountMax else {
            throw UploadError.fileTooLarge(byteCount: fileByteCount, byteCountMax: blobs.options.fileByteCountMax)
        }
        try await blobs.requireSpace(max(0, fileByteCount))
    }

    private struct Reading {
        var parser: MultipartParser
        var fields = JSONObject()
        var part: MultipartPart?
        var text = ByteBuffer()
        var fieldByteCount = 0
        var file: BlobIntake?

        mutating func count(_ byteCount: Int) throws(RequestError) {
            fieldByteCount += byteCount
            guard fieldByteCount <= MultipartForm.fieldByteCountMax else {
                throw .bodyTooLarge(byteCountMax: MultipartForm.fieldByteCountMax)
            }
        }
    }

    private func take(_ event: MultipartParser.Event, _ reading: inout Reading) async throws {
        switch event {
        case .part(let part):
            reading.part = part
            try reading.count(part.name.utf8.count)
            guard part.name == fileField else { return }
            guard reading.file == nil else { throw MultipartError.malformed }
            let fileName = try FileName(part.fileName ?? part.name).text
            reading.file = try await BlobIntake(fileName: fileName, byteCount: nil, blobs: blobs)
        case .bytes(let bytes):
            if reading.part?.name == fileField {
                try await reading.file?.take(bytes.readableBytesView)
            } else {
                try reading.count(bytes.readableBytes)
                reading.text.writeImmutableBuffer(bytes)
            }
        case .endOfPart, .end:
            try await endPart(&reading)
        }
    }

    private func endPart(_ reading: inout Reading) async throws {
        guard let part = reading.part else { return }
        reading.part = nil
        if part.name == fileField, let file = reading.file {
            reading.fields["file_token"] = .string(try await file.finish().token)
        } else if reading.fields[part.name] == nil {
            reading.fields[part.name] = .string(String(buffer: reading.text))
        }
        reading.text.clear()
    }
}
