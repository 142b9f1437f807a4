internal import ArgumentParser

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
        do throws(CommandFailure) {
            await main(try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst())))
        } catch {
            exit(withError: error)
        }
    }
}
