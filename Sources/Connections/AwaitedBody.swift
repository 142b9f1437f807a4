internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore

/// The body of a request whose client waits for `100 Continue`: the signal is sent when the body is first read.
///
/// So a request that is refused because of its head, for example with 401 or 413, is answered without the signal, and its
/// client does not send the body.
/// Source: RFC 9110, section 10.1.1.
struct AwaitedBody: AsyncSequence, Sendable {
    /// The event that the body is read; the state of the connection decides whether the signal is sent.
    struct Asked: Sendable {}

    struct AsyncIterator: AsyncIteratorProtocol {
        var body: RequestBody.AsyncIterator
        let channel: any Channel
        var isAsked = false

        mutating func next() async throws -> ByteBuffer? {
            if !isAsked {
                isAsked = true
                channel.triggerUserOutboundEvent(Asked(), promise: nil)
            }
            return try await body.next()
        }
    }

    let body: RequestBody
    let channel: any Channel

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator(), channel: channel)
    }
}

extension Request {
    /// The request, whose body reports when it is read if the client expects that.
    func reportingItsBody(on channel: any Channel) -> Request {
        guard headers[.expect] != nil else { return self }
        var request = self
        request.body = RequestBody(asyncSequence: AwaitedBody(body: body, channel: channel))
        return request
    }
}
