internal import Disk
internal import JSON

/// A file with options of `ledge serve` by their long names.
///
/// Shape: one JSON object, for example
///
///     {"data": "/var/lib/ledge", "listen": "0.0.0.0:8092", "authentication": true,
///      "combiner": ["edge=10.0.0.5:12080"], "max-upload-size": "20GiB"}
///
/// A text or a number is the value of an option, `true` sets a flag, `false` and `null` have no effect, a list repeats
/// the option. Options of the command line are later arguments and therefore take precedence.
struct ConfigurationFile {
    /// The option that names the file.
    static let option = "--config"

    private static let byteCountMax = 1 << 20

    /// Inserts the options of the configuration file, if `arguments` name one, after the command and before its
    /// options.
    ///
    /// - Throws: ``CommandFailure`` if the file cannot be read or is malformed.
    static func expand(_ arguments: [String]) throws(CommandFailure) -> [String] {
        guard let command = arguments.first, command == Serve.name else { return arguments }
        let paths = paths(in: arguments)
        guard paths.count < 2 else {
            throw CommandFailure("\(option) is given \(paths.count) times; only one configuration file is supported")
        }
        guard let path = paths.first else { return arguments }
        return [command] + (try options(of: path)) + arguments.dropFirst()
    }

    private static func paths(in arguments: [String]) -> [String] {
        arguments.indices.compactMap { index in
            if arguments[index] == option { return arguments.dropFirst(index + 1).first }
            guard arguments[index].hasPrefix("\(option)=") else { return nil }
            return String(arguments[index].dropFirst(option.count + 1))
        }
    }

    private static func options(of path: String) throws(CommandFailure) -> [String] {
        let contents: [UInt8]?
        do throws(StorageError) {
            contents = try PosixDisk().contents(of: path, byteCountMax: byteCountMax)
        } catch {
            throw CommandFailure("cannot read the configuration file: \(error)")
        }
        guard let contents else { throw CommandFailure("the configuration file \(path) does not exist") }
        let file: JSON
        do throws(JSONError) { file = try JSON(parsing: contents) } catch {
            throw CommandFailure("\(path): \(error)")
        }
        guard case .object(let members) = file else { throw CommandFailure("\(path) is not a JSON object of options") }
        var options: [String] = []
        for (name, value) in members {
            guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLowercase || $0 == "-") }), name != "config"
            else {
                throw CommandFailure("\(path): '\(name)' is not the long name of an option")
            }
            for value in value.array ?? [value] {
                switch value {
                case .string(let text): options += ["--\(name)=\(text)"]
                case .number(let number): options += ["--\(name)=\(number.text)"]
                case .bool(true): options.append("--\(name)")
                case .bool(false), .null: break
                case .array, .object:
                    throw CommandFailure(
                        "\(path): the option '\(name)' must be a text, a number, a boolean, null or a list of them"
                    )
                }
            }
        }
        return options
    }
}
