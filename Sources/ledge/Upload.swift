internal import ArgumentParser
internal import Disk
internal import Federation
internal import Glibc
internal import Inspection
internal import JSON

/// `ledge upload`: uploads a file in verified chunks and resumes after interruptions.
struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Upload a file in verified chunks; resumes after interruptions.",
        discussion: """
            The server verifies the checksum of each chunk. If the connection breaks or the server restarts, the upload \
            resumes by itself; the command gives up after --give-up-after without progress. If the command was stopped, the \
            same command resumes the upload; the state for this is in $XDG_STATE_HOME/ledge (default: ~/.local/state/ledge).

            A server with authentication requires a token: that in --token-file, otherwise that in the environment variable \
            SCALEOUT_AUTH_TOKEN, otherwise that of the official client's login to this server ("scaleout login"), which is \
            renewed when it expires. "ledge token" creates one. A token is sent to this server only; redirects are not \
            followed.

            Prints the file token to standard output, and with --as-model the id of the model on a second line. Progress \
            goes to standard error.

            EXAMPLES
              ledge upload seed.npz --server http://127.0.0.1:8092 --as-model
              ledge upload big.bin --server http://edge-7:8092 --chunk-size 4MiB
              TOKEN=$(ledge upload package.tgz --server http://127.0.0.1:8092 2>/dev/null)
              ledge upload seed.npz --server https://models.example --ca authority.pem --token-file token --as-model
            """
    )

    @Argument(help: "File to upload.", completion: .file())
    var file: String

    // Parsed by `validate()`, because an error of the parser would print a password in the URL.
    @Option(help: ArgumentHelp("URL of the server: http:// or https://.", valueName: "url"))
    var server: String

    @Option(
        help: ArgumentHelp(
            "PEM file of the certificates that an https:// server is verified with. (default: those of the system)",
            valueName: "file"
        ),
        completion: .file()
    )
    var ca: String?

    @Option(
        help: ArgumentHelp("File with a token; only its owner should be able to read it.", valueName: "file"),
        completion: .file()
    )
    var tokenFile: String?

    @Option(help: ArgumentHelp("Maximum size of a chunk; the server may require smaller ones.", valueName: "size"))
    var chunkSize = ByteCount(8 << 20)

    @Option(
        help: ArgumentHelp(
            "Upload to resume. (default: the last unfinished upload of this file to this server)",
            valueName: "upload-id"
        )
    )
    var resume: String?

    @Option(
        help: ArgumentHelp(
            "Time without progress after which the command gives up, such as 90s or 2h. (default: 5m)",
            valueName: "time"
        ),
        transform: { text in
            guard let duration = RetentionArgument.duration(text) else {
                throw ValidationError("it must be a time such as 90s, 5m or 2h")
            }
            return duration
        }
    )
    var giveUpAfter = Duration.seconds(300)

    @Flag(help: "Create a model from the file after the upload.")
    var asModel = false

    @Option(
        help: "Helper that reads the model. (default: numpyhelper for .npz, binaryhelper for .bin, else the active one)"
    )
    var helper: String?

    @Flag(help: "Print one JSON object instead of lines.")
    var json = false

    func validate() throws {
        _ = try serverURL()
        guard chunkSize.bytes > 0 else { throw ValidationError("--chunk-size must be at least 1 byte") }
        guard resume.map(UploadEndpoint.isID) ?? true else {
            throw ValidationError("'\(resume ?? "")' is not an upload id; it consists of letters, digits and '-'")
        }
    }

    func run() async throws {
        let local = try LocalFile(file)
        let server = try serverURL()
        let token = try AccessToken.find(
            file: tokenFile,
            server: server,
            environment: Self.environment,
            on: PosixDisk(),
            warn: Console.note
        )
        if await token.exists, !server.isEncrypted, !server.authority.isLoopback {
            Console.note("the token is sent to \(server.authority.host) without encryption")
        }
        try HostLookup.require(server.authority.host, of: "--server")
        let encryption = try Encryption(to: server, authorities: ca)
        let client = HTTPClient(server: server, encryption: encryption)
        let endpoint = UploadEndpoint(client: client, token: token)
        let resumeFile = ResumeFile(of: local, to: server, environment: Self.environment, on: PosixDisk())
        let upload = UploadRun(
            file: local,
            endpoint: endpoint,
            resumeFile: resumeFile,
            chunkByteCount: chunkSize.bytes,
            resumedID: resume,
            giveUpAfter: giveUpAfter
        )
        let outcome = try await upload.run()
        Console.note(summary(of: outcome, local))
        let model = asModel ? try await publish(outcome, endpoint) : nil
        // The resume file is removed last: if the token cannot be printed, the same command prints it again.
        report(outcome, model, local)
        do {
            try resumeFile?.remove()
        } catch {
            Console.note("the upload is complete, but its resume file could not be removed: \(error)")
        }
    }

    /// Creates a model from the file.
    ///
    /// Not repeated after a failure, because the server may have created the model although its response was lost.
    private func publish(_ outcome: UploadRun.Outcome, _ endpoint: UploadEndpoint) async throws -> JSONObject {
        do throws(UploadFailure) {
            let model = try await endpoint.publish(token: outcome.token, helper: modelHelper)
            if let warning = model["warning"]?.string {
                Console.note("the model is stored, but cannot be averaged: \(warning)")
            }
            return model
        } catch {
            throw CommandFailure(
                "the file was uploaded with the token \(outcome.token), but the model could not be created: \(error)"
            )
        }
    }

    private func serverURL() throws -> ServerURL {
        do { return try ServerURL(parsing: server) } catch { throw ValidationError("--server: \(error)") }
    }

    /// The helper of `--helper`, or the one that the official client uses for the file's suffix; nil for the server's.
    private var modelHelper: String? {
        if let helper { return helper }
        if file.hasSuffix(".npz") { return "numpyhelper" }
        return file.hasSuffix(".bin") ? "binaryhelper" : nil
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

    /// The environment variables that determine the directory of resume files and the token.
    private static var environment: [String: String] {
        var values: [String: String] = [:]
        for name in ["XDG_STATE_HOME", "HOME", "SCALEOUT_AUTH_TOKEN", "SCALEOUT_HOME_DIR"] {
            if let value = getenv(name) { values[name] = String(cString: value) }
        }
        return values
    }
}
