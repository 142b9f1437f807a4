internal import ArgumentParser
internal import Disk
internal import Glibc
internal import Inspection
internal import JSON

/// `ledge upload`: uploads a file in verified chunks and resumes after interruptions.
struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Upload a file in verified chunks; resumes after interruptions.",
        discussion: """
            The server verifies the checksum of each chunk. If the connection breaks, the upload resumes by itself. If the \
            command was stopped, the same command resumes the upload; the state for this is in $XDG_STATE_HOME/ledge \
            (default: ~/.local/state/ledge).

            Prints the file token to standard output, and with --as-model the id of the model on a second line. Progress \
            goes to standard error.

            EXAMPLES
              ledge upload seed.npz --server http://127.0.0.1:8092 --as-model
              ledge upload big.bin --server http://edge-7:8092 --chunk-size 4MiB
              TOKEN=$(ledge upload package.tgz --server http://127.0.0.1:8092 2>/dev/null)
            """
    )

    @Argument(help: "File to upload.", completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp("URL of the server; only http:// is supported.", valueName: "url"),
        transform: { try ServerURL(parsing: $0) }
    )
    var server: ServerURL

    @Option(help: ArgumentHelp("Maximum size of a chunk; the server may require smaller ones.", valueName: "size"))
    var chunkSize = ByteCount(8 << 20)

    @Option(
        help: ArgumentHelp(
            "Upload to resume. (default: the last unfinished upload of this file to this server)",
            valueName: "upload-id"
        )
    )
    var resume: String?

    @Flag(help: "Create a model from the file after the upload.")
    var asModel = false

    @Option(help: "Helper that reads the model. (default: numpyhelper for .npz, binaryhelper for .bin)")
    var helper: String?

    @Flag(help: "Print one JSON object instead of lines.")
    var json = false

    func validate() throws {
        guard chunkSize.bytes > 0 else { throw ValidationError("--chunk-size must be at least 1 byte") }
        if asModel { _ = try modelHelper() }
        // An id is a part of the request's path.
        guard resume?.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || isalnum(Int32($0)) != 0 }) ?? true else {
            throw ValidationError("'\(resume ?? "")' is not an upload id; it consists of letters, digits and '-'")
        }
    }

    func run() async throws {
        let local = try LocalFile(file)
        let endpoint = UploadEndpoint(client: HTTPClient(server: server))
        let resumeFile = ResumeFile(of: local, to: server, environment: Self.environment, on: PosixDisk())
        let upload = UploadRun(
            file: local,
            endpoint: endpoint,
            resumeFile: resumeFile,
            chunkByteCount: chunkSize.bytes,
            resumedID: resume
        )
        let outcome = try await upload.run()
        Console.note(summary(of: outcome, local))
        let model = asModel ? try await publish(outcome, endpoint) : nil
        do {
            try resumeFile?.remove()
        } catch {
            Console.note("the upload is complete, but its resume file could not be removed: \(error)")
        }
        report(outcome, model, local)
    }

    /// Creates a model from the file.
    ///
    /// Not repeated after a failure, because the server may have created the model although its response was lost.
    private func publish(_ outcome: UploadRun.Outcome, _ endpoint: UploadEndpoint) async throws -> JSONObject {
        let helper = try modelHelper()
        do throws(UploadFailure) {
            return try await endpoint.publish(token: outcome.token, helper: helper)
        } catch {
            throw CommandFailure(
                "the file was uploaded with the token \(outcome.token), but the model could not be created: \(error)"
            )
        }
    }

    /// Returns the helper of `--helper`, or the one that the official client uses for the file's suffix.
    private func modelHelper() throws -> String {
        if let helper { return helper }
        if file.hasSuffix(".npz") { return "numpyhelper" }
        if file.hasSuffix(".bin") { return "binaryhelper" }
        throw ValidationError("the helper for \(file) is unknown; name it with --helper")
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

    /// The environment variables that determine the directory of resume files.
    private static var environment: [String: String] {
        var values: [String: String] = [:]
        for name in ["XDG_STATE_HOME", "HOME"] {
            if let value = getenv(name) { values[name] = String(cString: value) }
        }
        return values
    }
}
