internal import Inspection
internal import JSON
internal import NIOCore

extension UploadRun {
    /// Sends the remaining chunks; `position` is then the end of the file.
    ///
    /// While one chunk is sent the next is read and hashed, so that disk, processor and network work in parallel.
    func sendChunks(from position: inout UploadEndpoint.Position, showing display: inout ProgressDisplay) async throws {
        var backoff = Backoff(giveUpAfter: giveUpAfter)
        var chunk = try chunk(at: position)
        while position.receivedByteCount < file.byteCount {
            let sent = chunk
            async let failure = endpoint.failure(sending: sent, of: position.id)
            var next = position
            next.receivedByteCount += Int64(sent.bytes.readableBytes)
            next.nextChunkIndex += 1
            let nextChunk = try self.chunk(at: next)
            if let failure = await failure {
                try await wait(after: failure, &backoff, &display)
                position = try await self.position(of: position.id, &display)
                chunk = try self.chunk(at: position)
            } else {
                (position, chunk) = (next, nextChunk)
                backoff.reset()
            }
            display.update(done: position.receivedByteCount)
        }
    }

    /// Repeats `step` while its failures are temporary.
    func retrying<Answer: Sendable>(
        _ display: inout ProgressDisplay,
        _ step: @Sendable () async throws(UploadFailure) -> Answer
    ) async throws(UploadFailure) -> Answer {
        var backoff = Backoff(giveUpAfter: giveUpAfter)
        while true {
            do throws(UploadFailure) {
                return try await step()
            } catch {
                try await wait(after: error, &backoff, &display)
            }
        }
    }

    /// Requests the server's position in this file.
    func position(
        of id: String,
        _ display: inout ProgressDisplay
    ) async throws(UploadFailure) -> UploadEndpoint.Position {
        let position = try await retrying(&display) { () throws(UploadFailure) in try await endpoint.position(of: id) }
        guard position.byteCount == file.byteCount else {
            throw .otherFile(id: id, byteCount: position.byteCount)
        }
        return position
    }

    /// Waits before the next attempt, or throws `failure` if another attempt has no chance.
    private func wait(
        after failure: UploadFailure,
        _ backoff: inout Backoff,
        _ display: inout ProgressDisplay
    ) async throws(UploadFailure) {
        guard let (pause, left) = backoff.next(after: failure, at: now()) else { throw failure }
        let delay = Decimal.text(pause / .seconds(1), digits: 2)
        display.write("\(failure); retrying in \(delay) s, for another \(left.text)")
        await self.pause(pause)
    }

    private func chunk(at position: UploadEndpoint.Position) throws -> Chunk {
        let byteCount = min(position.chunkByteCount, Int(chunkByteCount))
        let bytes = try file.bytes(at: position.receivedByteCount, count: byteCount)
        return Chunk(index: position.nextChunkIndex, bytes: bytes)
    }
}
