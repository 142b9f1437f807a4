internal import Inspection
internal import NIOCore

/// Brings one file to a server, over every interruption that passes.
///
/// The server is the one who knows how far it is: after a failure, and at the start of a resumed run, it is asked for
/// the next chunk, so a reply that was lost costs nothing and a chunk that was lost is sent again.
struct UploadRun {
    let file: LocalFile
    let endpoint: UploadEndpoint
    /// Nil where this user has no place to remember in.
    let memory: UploadMemory?
    /// The most bytes to send at once; a server may ask for less.
    let chunkByteCount: Int64
    /// An upload to go on with, named by the user; it must exist.
    let resumedID: String?
    /// Tells the user what goes on.
    var note: @Sendable (String) -> Void = { Console.note($0) }
    /// Waits between two tries.
    var pause: @Sendable (Duration) async -> Void = { duration in
        // Nobody cancels this task; were it so, the next try would come at once and fail.
        try? await Task.sleep(for: duration)
    }

    /// What the user gets.
    struct Outcome: Sendable {
        let uploadID: String
        let token: String
        /// How much was there before this run.
        let resumedByteCount: Int64
        let elapsed: Duration
    }

    func run() async throws -> Outcome {
        var position = try await start()
        let resumedByteCount = position.receivedByteCount
        var display = ProgressDisplay(name: file.name, byteCount: file.byteCount, done: resumedByteCount, say: note)
        if resumedByteCount > 0 { display.note("resuming \(position.id) at \(ByteCount(resumedByteCount))") }
        let token = try await finish(&position, &display)
        display.clear()
        return Outcome(
            uploadID: position.id,
            token: token,
            resumedByteCount: resumedByteCount,
            elapsed: display.elapsed
        )
    }

    /// Sends what is missing and completes the upload, again where the server has lost some of it meanwhile.
    private func finish(
        _ position: inout UploadEndpoint.Position,
        _ display: inout ProgressDisplay
    ) async throws -> String {
        var backoff = Backoff()
        while true {
            try await sendChunks(from: &position, showing: &display)
            try file.requireUnchanged()
            do throws(UploadFailure) {
                return try await endpoint.complete(position.id)
            } catch {
                position = try await self.position(of: position.id, after: error, &backoff, &display)
            }
        }
    }

    /// Finds the upload to go on with, or begins one.
    private func start() async throws -> UploadEndpoint.Position {
        var display = ProgressDisplay(name: file.name, byteCount: file.byteCount, done: 0, say: note)
        if let id = try resumedID ?? memory?.recall(), let position = try await known(id, &display) {
            guard position.byteCount == file.byteCount else {
                throw CommandFailure("upload \(id) is of a file of \(position.byteCount) bytes, not \(file.byteCount)")
            }
            return position
        }
        let position = try await persisting(&display) { () throws(UploadFailure) in
            try await endpoint.begin(file, chunkByteCount: chunkByteCount)
        }
        do {
            try memory?.remember(position.id)
        } catch {
            display.note("cannot remember this upload (\(error)); to resume it: --resume \(position.id)")
        }
        return position
    }

    /// Returns how far an upload is, or nil where the server knows it no longer and it was this client's idea.
    private func known(
        _ id: String,
        _ display: inout ProgressDisplay
    ) async throws(UploadFailure) -> UploadEndpoint.Position? {
        do throws(UploadFailure) {
            return try await persisting(&display) { () throws(UploadFailure) in try await endpoint.position(of: id) }
        } catch {
            guard error.isUnknownUpload, resumedID == nil else { throw error }
            return nil
        }
    }
}
