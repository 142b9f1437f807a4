internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOCore
internal import Store

extension Response {
    /// A response whose body is already serialized JSON.
    init(status: HTTPResponse.Status = .ok, json bytes: ByteBuffer, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = "application/json"
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: bytes))
    }

    init(status: HTTPResponse.Status = .ok, _ value: JSON, headers: HTTPFields = [:]) {
        self.init(status: status, json: ByteBuffer(bytes: value.bytes), headers: headers)
    }

    /// A page that loads no resources and cannot be framed by another page.
    init(html: String) {
        let headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8",
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
            .cacheControl: "no-store",
        ]
        self.init(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    /// A stored document, with its bytes as stored.
    init(status: HTTPResponse.Status = .ok, _ document: Document) {
        self.init(status: status, json: ByteBuffer(bytes: document.bytes))
    }

    /// An array of documents.
    init(_ documents: [Document]) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(documents.reduce(2) { $0 + $1.bytes.count + 1 })
        bytes.writeInteger(UInt8(ascii: "["))
        bytes.writeDocuments(documents)
        bytes.writeInteger(UInt8(ascii: "]"))
        self.init(json: bytes)
    }
}
