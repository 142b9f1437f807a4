internal import ArgumentParser
internal import Glibc

/// The root command; each subcommand is in its own file.
@main
struct Ledge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledge",
        abstract: "Scaleout Edge control plane for a single node, without a database.",
        discussion: """
            Stores documents as JSON lines and model files as zstd files in one data directory, which these commands, or \
            jq and zstd, can read without a server.

            EXAMPLES
              ledge serve --data data --listen 127.0.0.1:8092
              ledge upload seed.npz --server http://127.0.0.1:8092 --as-model
              ledge import --data data telemetry telemetry.jsonl
              ledge export --data data telemetry > telemetry.jsonl
              ledge inspect data
              ledge check data
              ledge repair data
              ledge token --data data --role admin
            """,
        version: "0.1.0",
        subcommands: [
            Serve.self, Upload.self, Import.self, Export.self, Inspect.self, Check.self, RepairCommand.self,
            TokenCommand.self,
        ]
    )

    /// Runs the command with the options of the configuration file and of the command line.
    static func main() async {
        Console.prepare()
        do {
            try requireReadableArguments()
            let arguments = try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst()))
            var command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Refuses arguments that are not UTF-8: paths are texts here, and another file would be opened or made.
    private static func requireReadableArguments() throws(CommandFailure) {
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index], String(validatingCString: argument) == nil else {
                continue
            }
            throw CommandFailure(
                "the argument '\(String(cString: argument))' is not UTF-8; rename the file or directory, or use a link to it: "
                    + "ln -s OLD NEW"
            )
        }
    }

    /// Ends the process with the message and the status of an error.
    static func end(with error: any Error) -> Never {
        if let status = (error as? OutputFailure)?.quietStatus { Glibc.exit(status) }
        let status = exitCode(for: error)
        // Help and completion scripts.
        if status.isSuccess { exit(withError: error) }
        let message = fullMessage(for: error)
        // A description of the usage has several lines. An error has one, whatever text from elsewhere is in it.
        let lines = message == "Error: \(error)" ? [message] : message.split(separator: "\n").map(String.init)
        for line in lines { Console.note(line) }
        Glibc.exit(status.rawValue)
    }
}
