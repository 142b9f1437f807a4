internal import Blobs
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// A stored file as the body of a response: the whole file, one range of it, or none if the client has it already.
///
/// The tag is the SHA-256 of the content, so it is strong and never changes.
/// Source: RFC 9110, sections 13 and 14.
struct BlobDownload: Sendable {
    let reader: BlobReader
    let fileName: String
    let channel: any Channel
    let logger: Logger

    func response(to request: Request) throws(RequestError) -> Response {
        let byteCount = reader.description.byteCount
        let tag = "\"\(reader.description.sha256)\""
        var headers: HTTPFields = [.eTag: tag, .acceptRanges: "bytes"]
        if let header = request.headers[.ifNoneMatch], EntityTags(header: header).matchesWeakly(tag) {
            return Response(status: .notModified, headers: headers)
        }
        var range = ByteRange.whole
        let isCurrent = request.headers[.ifRange].map { EntityTags(header: $0).matchesStrongly(tag) } ?? true
        if request.method == .get, isCurrent {
            range = ByteRange(header: request.headers[.range], byteCount: byteCount)
        }
        headers[.contentType] = "application/octet-stream"
        headers[.contentDisposition] = Self.disposition(fileName)
        switch range {
        case .whole:
            return Response(headers: headers, sending: 0..<byteCount, by: self)
        case .part(let part):
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(byteCount)"
            return Response(status: .partialContent, headers: headers, sending: part, by: self)
        case .unsatisfiable:
            throw .rangeNotSatisfiable(byteCount: byteCount)
        }
    }

    /// Writes a range of the content.
    ///
    /// While one frame is being sent, the next is decoded; memory is two frames, even for a slow client.
    func write(_ range: Range<Int64>, to writer: inout any ResponseBodyWriter) async throws {
        let frames = reader.frames(overlapping: range)
        var current = try await content(ofFrame: frames.lowerBound, within: range)
        for index in frames.dropFirst() {
            async let following = content(ofFrame: index, within: range)
            try await writer.write(current, over: channel)
            current = try await following
        }
        try await writer.write(current, over: channel)
        try await writer.finish(nil)
    }

    private func content(ofFrame index: Int, within range: Range<Int64>) async throws -> ByteBuffer {
        try await onThreadPool { [reader] in
            let frame = reader.contentRange(ofFrame: index)
            let part = frame.clamped(to: range)
            let bytes = try reader.frame(index)
            return ByteBuffer(
                bytes: bytes[Int(part.lowerBound - frame.lowerBound)..<Int(part.upperBound - frame.lowerBound)]
            )
        }
    }

    /// Returns the header with the file name in two forms if it is not ASCII: some clients read only the plain form.
    static func disposition(_ fileName: String) -> String {
        let isPlain: (UInt8) -> Bool = {
            (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        let plain = String(decoding: fileName.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        guard plain != fileName else { return "attachment; filename=\"\(plain)\"" }
        let escaped = fileName.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(escaped.joined())"
    }
}

extension Response {
    fileprivate init(
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields,
        sending range: Range<Int64>,
        by download: BlobDownload
    ) {
        guard !range.isEmpty else {
            self.init(status: status, headers: headers)
            return
        }
        let body = ResponseBody(of: "download", contentLength: range.count, logger: download.logger) { writer in
            try await download.write(range, to: &writer)
        }
        self.init(status: status, headers: headers, body: body)
    }
}
