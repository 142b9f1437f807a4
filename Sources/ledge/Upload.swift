internal import ArgumentParser
internal import Disk
internal import Glibc
internal import Inspection
internal import JSON

/// `ledge upload`: brings a file to a server in verified chunks, and goes on where it was interrupted.
struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Upload a file in verified chunks, and resume where it stopped.",
        discussion: """
            Each chunk carries its checksum and counts only when the server has verified it. When the connection breaks \
            the upload goes on by itself; when this command is stopped, the same command goes on later. What it needs \
            for that it keeps under $XDG_STATE_HOME/ledge, or ~/.local/state/ledge.

            Standard output gets the file token, and with --as-model the model's id on a second line; progress goes to \
            standard error.

            EXAMPLES
              ledge upload seed.npz --server http://127.0.0.1:8092 --as-model
              ledge upload big.bin --server http://edge-7:8092 --chunk-size 4MiB
              TOKEN=$(ledge upload package.tgz --server http://127.0.0.1:8092 2>/dev/null)
            """
    )

    @Argument(help: "The file to upload.", completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp("Address of the server, plain http.", valueName: "url"),
        transform: { try ServerURL(parsing: $0) }
    )
    var server: ServerURL

    @Option(help: ArgumentHelp("Most bytes to send at once; the server may ask for less.", valueName: "size"))
    var chunkSize = ByteCount(8 << 20)

    @Option(help: ArgumentHelp("Go on with this upload instead of the one remembered.", valueName: "upload id"))
    var resume: String?

    @Flag(help: "Publish the file as a model when it has arrived.")
    var asModel = false

    @Option(help: "What reads the model; known for .npz (numpyhelper) and .bin (binaryhelper).")
    var helper: String?

    @Flag(help: "Print one JSON object instead of lines.")
    var json = false

    func validate() throws {
        guard chunkSize.bytes > 0 else { throw ValidationError("a chunk has at least one byte") }
        if asModel { _ = try modelHelper() }
        // An id is a part of the request's path.
        guard resume?.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || isalnum(Int32($0)) != 0 }) ?? true else {
            throw ValidationError("\(resume ?? "") is no upload id")
        }
    }

    func run() async throws {
        let local = try LocalFile(file)
        let endpoint = UploadEndpoint(client: HTTPClient(server: server))
        let memory = UploadMemory(of: local, to: server, environment: Self.environment, on: PosixDisk())
        let upload = UploadRun(
            file: local,
            endpoint: endpoint,
            memory: memory,
            chunkByteCount: chunkSize.bytes,
            resumedID: resume
        )
        let outcome = try await upload.run()
        Console.note(summary(of: outcome, local))
        let model = asModel ? try await publish(outcome, endpoint) : nil
        do {
            try memory?.forget()
        } catch {
            Console.note("the upload is done but is still remembered: \(error)")
        }
        report(outcome, model, local)
    }

    /// Makes a model of the file.
    ///
    /// It is not repeated on failure: the server may have made one whose reply was lost.
    private func publish(_ outcome: UploadRun.Outcome, _ endpoint: UploadEndpoint) async throws -> JSONObject {
        let helper = try modelHelper()
        do throws(UploadFailure) {
            return try await endpoint.publish(token: outcome.token, helper: helper)
        } catch {
            throw CommandFailure("the file is there as \(outcome.token), but the model could not be made: \(error)")
        }
    }

    /// The helper that was named, or the one the official client takes for the file's suffix.
    private func modelHelper() throws -> String {
        if let helper { return helper }
        if file.hasSuffix(".npz") { return "numpyhelper" }
        if file.hasSuffix(".bin") { return "binaryhelper" }
        throw ValidationError("which helper reads \(file)? Say it with --helper")
    }

    private func report(_ outcome: UploadRun.Outcome, _ model: JSONObject?, _ local: LocalFile) {
        guard json else {
            Console.output(outcome.token)
            if let model, let id = model["model_id"]?.string ?? model["model"]?.string { Console.output(id) }
            return
        }
        var object: JSONObject = [
            "file_token": .string(outcome.token),
            "upload_id": .string(outcome.uploadID),
            "file_name": .string(local.name),
            "file_size": .number(JSONNumber(local.byteCount)),
            "resumed_at": .number(JSONNumber(outcome.resumedByteCount)),
            "seconds": JSONNumber(outcome.elapsed / .seconds(1)).map { .number($0) } ?? .null,
        ]
        if let model { object["model"] = .object(model) }
        Console.output(String(decoding: JSON.object(object).bytes, as: UTF8.self))
    }

    /// Shape: `seed.npz: 1 GiB in 2.1 s, 487 MiB/s, on the server's stable storage`.
    private func summary(of outcome: UploadRun.Outcome, _ local: LocalFile) -> String {
        let seconds = outcome.elapsed / .seconds(1)
        let sent = Double(local.byteCount - outcome.resumedByteCount)
        let rate = seconds > 0 ? ", \(ByteCount(Int64(sent / seconds)))/s" : ""
        return "\(local.name): \(ByteCount(Int64(sent))) in \(Decimal.text(seconds, digits: 1)) s\(rate), "
            + "on the server's stable storage"
    }

    /// The variables that say where state is kept.
    private static var environment: [String: String] {
        var values: [String: String] = [:]
        for name in ["XDG_STATE_HOME", "HOME"] {
            if let value = getenv(name) { values[name] = String(cString: value) }
        }
        return values
    }
}
