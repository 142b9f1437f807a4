internal import ArgumentParser

/// The command line: one subcommand a file.
@main
struct Ledge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledge",
        abstract: "The Scaleout Edge control plane for a single node, with no database beside it.",
        discussion: """
            Resources are JSON lines on disk, model files arrive in verified chunks, and everything can be read without \
            a server, by these commands or by jq and zstd.

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
            MakeToken.self,
        ]
    )

    /// Runs the command, with the options of a configuration file in front of its own.
    static func main() async {
        do throws(CommandFailure) {
            await main(try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst())))
        } catch {
            exit(withError: error)
        }
    }
}
