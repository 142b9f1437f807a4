internal import Inspection
internal import NIOCore

/// Uploads one file to a server and retries after temporary failures.
///
/// The server determines the position: after a failure, and when an upload is resumed, the next chunk is requested from
/// it. So a chunk whose response was lost is not sent again, and a lost chunk is.
struct UploadRun {
    let file: LocalFile
    let endpoint: UploadEndpoint
    /// Nil if the user has no home directory.
    let resumeFile: ResumeFile?
    /// The maximum size of a chunk; the server may require smaller ones.
    let chunkByteCount: Int64
    /// The id of `--resume`; this upload must exist.
    let resumedID: String?
    /// How long failures are tolerated without progress: the server keeps a chunk of a dead connection for two minutes.
    var giveUpAfter = Duration.seconds(300)
    /// Writes a message for the user.
    var note: @Sendable (String) -> Void = { Console.note($0) }
    /// Waits between two attempts.
    var pause: @Sendable (Duration) async -> Void = { duration in
        // The task is not cancelled; if it were, the next attempt would follow immediately and fail.
        try? await Task.sleep(for: duration)
    }
    /// The time since a fixed point.
    var now: @Sendable () -> Duration = { [start = ContinuousClock.now] in ContinuousClock.now - start }

    /// How often a server may lose chunks of a complete upload.
    private static let completionCountMax = 5

    /// The result of an upload.
    struct Outcome: Sendable {
        let uploadID: String
        let token: String
        /// Bytes that the server had received before this run.
        let resumedByteCount: Int64
        let elapsed: Duration
    }

    func run() async throws -> Outcome {
        var position = try await start()
        let resumedByteCount = position.receivedByteCount
        var display = ProgressDisplay(name: file.name, byteCount: file.byteCount, done: resumedByteCount, note: note)
        if resumedByteCount > 0 { display.write("resuming \(position.id) at \(ByteCount(resumedByteCount))") }
        let token = try await finish(&position, &display)
        display.clear()
        return Outcome(
            uploadID: position.id,
            token: token,
            resumedByteCount: resumedByteCount,
            elapsed: display.elapsed
        )
    }

    /// Sends the remaining chunks and completes the upload; repeats both if the server has lost chunks.
    private func finish(
        _ position: inout UploadEndpoint.Position,
        _ display: inout ProgressDisplay
    ) async throws -> String {
        var count = 0
        while true {
            count += 1
            try await sendChunks(from: &position, showing: &display)
            try file.requireUnchanged()
            let id = position.id
            do throws(UploadFailure) {
                return try await retrying(&display) { () throws(UploadFailure) in try await endpoint.complete(id) }
            } catch {
                guard case .refused(400, _, _) = error, count < Self.completionCountMax else { throw error }
                position = try await self.position(of: id, &display)
                guard position.receivedByteCount < file.byteCount else { throw error }
            }
        }
    }

    /// Finds the upload to resume, or begins a new one.
    private func start() async throws -> UploadEndpoint.Position {
        var display = ProgressDisplay(name: file.name, byteCount: file.byteCount, done: 0, note: note)
        if let id = try resumedID ?? resumeFile?.read(), let position = try await known(id, &display) {
            return position
        }
        let position = try await retrying(&display) { () throws(UploadFailure) in
            try await endpoint.begin(file, chunkByteCount: chunkByteCount)
        }
        do {
            try resumeFile?.write(position.id)
        } catch {
            display.write("cannot write the resume file (\(error)); to resume this upload use --resume \(position.id)")
        }
        return position
    }

    /// Returns the position of an upload; nil if the server does not know it and it was not named by the user.
    private func known(
        _ id: String,
        _ display: inout ProgressDisplay
    ) async throws(UploadFailure) -> UploadEndpoint.Position? {
        do throws(UploadFailure) {
            return try await position(of: id, &display)
        } catch {
            guard error.isUnknownUpload, resumedID == nil else { throw error }
            return nil
        }
    }
}
