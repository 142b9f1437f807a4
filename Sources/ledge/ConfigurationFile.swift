internal import Disk
internal import JSON

/// A file that holds options of a command by their long names.
///
/// Shape: one JSON object, such as
///
///     {"data": "/var/lib/ledge", "listen": "0.0.0.0:8092", "authentication": true,
///      "combiner": ["edge=10.0.0.5:12080"], "max-upload-size": "20GiB"}
///
/// A text or a number is the option's value, `true` is a flag that is set, `false` and `null` are options left alone, a
/// list is an option that is given several times. What the command line says itself comes later, and so wins.
struct ConfigurationFile {
    /// The option that names the file.
    static let option = "--config"

    private static let byteCountMax = 1 << 20

    /// Puts the options of the file that `arguments` name in front of the others, behind the command.
    ///
    /// Arguments that name no file come back as they are.
    ///
    /// - Throws: ``CommandFailure``, where the file cannot be read or is not such an object.
    static func expand(_ arguments: [String]) throws(CommandFailure) -> [String] {
        guard let command = arguments.first, command == Serve.name, let path = path(in: arguments) else {
            return arguments
        }
        return [command] + (try options(of: path)) + arguments.dropFirst()
    }

    private static func path(in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument == option { return arguments.dropFirst(index + 1).first }
            if argument.hasPrefix("\(option)=") { return String(argument.dropFirst(option.count + 1)) }
        }
        return nil
    }

    private static func options(of path: String) throws(CommandFailure) -> [String] {
        let contents: [UInt8]?
        do throws(DiskError) {
            contents = try PosixDisk().contents(of: path, byteCountMax: byteCountMax)
        } catch {
            throw CommandFailure("cannot read the configuration: \(error)")
        }
        guard let contents else { throw CommandFailure("there is no configuration file \(path)") }
        let file: JSON
        do throws(JSONError) { file = try JSON(parsing: contents) } catch {
            throw CommandFailure("\(path) is not JSON: \(error)")
        }
        guard case .object(let members) = file else { throw CommandFailure("\(path) is not a JSON object of options") }
        var options: [String] = []
        for (name, value) in members {
            for value in value.array ?? [value] {
                switch value {
                case .string(let text): options += ["--\(name)=\(text)"]
                case .number(let number): options += ["--\(name)=\(number.text)"]
                case .bool(true): options.append("--\(name)")
                case .bool(false), .null: break
                case .array, .object:
                    throw CommandFailure(
                        "\(path): the option '\(name)' must be a text, a number, true or a list of them"
                    )
                }
            }
        }
        return options
    }
}
