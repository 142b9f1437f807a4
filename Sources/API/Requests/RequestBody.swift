internal import Blobs
internal import Catalog
internal import Connections
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOCore

/// A request body that is small enough to be read into memory.
enum SmallBody {
    case empty
    case form(FormFields)
    case json(JSON)
}

extension Request {
    /// The parameters of the URL.
    var query: FormFields { FormFields(parsing: (uri.query ?? "").utf8) }

    /// The length of the body in bytes, if the client declared it.
    var declaredByteCount: Int64? {
        headers[.contentLength].flatMap { Int64(decimal: $0) }
    }

    /// Reads a JSON or form body of at most `byteCountMax` bytes.
    ///
    /// The content has precedence over the `Content-Type`, because `curl -d '{…}'` declares JSON as a form, and the
    /// official client sends bodies without a type. A body that begins like an object or an array is JSON; any other
    /// body that is declared a form is a form.
    ///
    /// - Throws: ``RequestError/bodyTooLarge(byteCountMax:)``, before reading if the client declared the length;
    ///   ``RequestError/bodyTruncated``; ``JSONError``.
    func smallBody(byteCountMax: Int) async throws -> SmallBody {
        if let declaredByteCount, declaredByteCount > byteCountMax {
            throw RequestError.bodyTooLarge(byteCountMax: byteCountMax)
        }
        let share = BodyMemory.Share()
        var collected = ByteBuffer()
        try await forEachBuffer { buffer in
            guard share.hold(collected.readableBytes + buffer.readableBytes) else { throw RequestError.tooManyBodies }
            guard collected.readableBytes + buffer.readableBytes <= byteCountMax else {
                throw RequestError.bodyTooLarge(byteCountMax: byteCountMax)
            }
            if collected.readableBytes == 0 { collected = buffer } else { collected.writeImmutableBuffer(buffer) }
        }
        let bytes = collected.readableBytesView
        guard let first = bytes.first(where: { !$0.isJSONSpace }) else { return .empty }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        if !looksLikeJSON, headers[.contentType]?.lowercased().contains("x-www-form-urlencoded") == true {
            return .form(FormFields(parsing: bytes))
        }
        return .json(try JSON(parsing: bytes))
    }

    /// Reads the body as one object; an empty body is the empty object.
    func object(for resource: Resource, byteCountMax: Int) async throws -> JSONObject {
        switch try await smallBody(byteCountMax: byteCountMax) {
        case .empty: return JSONObject()
        case .form(let fields): return resource.object(form: fields.elements)
        case .json(.object(let object)): return object
        case .json: throw ValidationError.notAnObject
        }
    }

    /// Reads the body as one flat object with any fields; a form's values are text.
    func fields(byteCountMax: Int) async throws -> JSONObject {
        switch try await smallBody(byteCountMax: byteCountMax) {
        case .empty: return JSONObject()
        case .form(let fields):
            var object = JSONObject()
            for (name, value) in fields.elements where object[name] == nil { object[name] = .string(value) }
            return object
        case .json(.object(let object)): return object
        case .json: throw ValidationError.notAnObject
        }
    }

    /// Reads the fields of a body with a file, and publishes the file with them: a JSON or form body whose `file_token`
    /// names an upload, or a multipart form whose part `file` becomes an upload with a token.
    ///
    /// If the file is not published, the upload of a `file_token` stays, and that of a multipart form is removed: its
    /// client has the file but no token.
    ///
    /// - Throws: `ValidationError.unknownField` for a name outside of `members`, `.missingField` without a token, and
    ///   errors of `publish`.
    func publishing(
        _ members: [Schema.Member],
        into blobs: BlobStore,
        byteCountMax: Int,
        _ publish: (JSONObject) async throws -> Response
    ) async throws -> Response {
        let type = HeaderParameters(parsing: headers[.contentType] ?? "")
        guard type.value == "multipart/form-data" else {
            return try await publish(Self.checked(fields(byteCountMax: byteCountMax), against: members))
        }
        let form = MultipartForm(boundary: type["boundary"] ?? "", fileField: "file", blobs: blobs)
        let (fields, uploadID) = try await form.read(self)
        do {
            return try await publish(Self.checked(fields, against: members))
        } catch {
            // An upload that cannot be removed now expires later.
            if let uploadID { try? await blobs.abort(uploadID) }
            throw error
        }
    }

    private static func checked(
        _ fields: JSONObject,
        against members: [Schema.Member]
    ) throws(ValidationError) -> JSONObject {
        for (name, _) in fields where !members.contains(where: { $0.name == name }) { throw .unknownField(name) }
        _ = try fields.requiredText("file_token")
        return fields
    }

    /// Passes the body to `consume` as it arrives; no more is read while `consume` runs, which slows the client down.
    ///
    /// - Throws: errors of `consume`; ``RequestError/bodyTruncated`` if the connection ended too early,
    ///   ``RequestError/tooSlow``, ``RequestError/malformedRequest``.
    func forEachBuffer(_ consume: (ByteBuffer) async throws -> Void) async throws {
        var byteCount: Int64 = 0
        var iterator = body.makeAsyncIterator()
        while true {
            let buffer: ByteBuffer?
            do {
                buffer = try await iterator.next()
            } catch is CancellationError {
                throw CancellationError()
            } catch let refusal as ConnectionRefusal {
                throw RequestError(refusal)
            } catch {
                throw RequestError.bodyTruncated
            }
            guard let buffer else { break }
            byteCount += Int64(buffer.readableBytes)
            try await consume(buffer)
        }
        // A truncated stream may end without an error; only the declared length shows it.
        if let declaredByteCount, byteCount != declaredByteCount { throw RequestError.bodyTruncated }
    }
}

extension UInt8 {
    fileprivate var isJSONSpace: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r")
            || self == UInt8(ascii: "\t")
    }
}
