extension ModelContents {
    /// Examines a file: reads its directory and headers, not the arrays.
    ///
    /// A file of any format is accepted; what the helper could not load has an ``obstacle``. Refused is what is empty,
    /// and for numpyhelper a file that is called `.npz` but is none: it is damaged or has the wrong name.
    ///
    /// - Throws: `.emptyFile`, `.notAnArchive`, `.zip`, `.member`, and the errors of the source.
    package static func examine(
        _ source: any ByteSource,
        named name: String,
        for helper: WeightsFormat,
        limits: ModelLimits = .default
    ) throws(WeightsError) -> ModelContents {
        guard source.byteCount > 0 else { throw .emptyFile }
        let mustBeArchive = helper == .numpy && FileFormat.suffix(of: name) == FileFormat.npz.rawValue
        let archive: ZipArchive?
        do throws(WeightsError) {
            archive = try ZipArchive.begins(source) ? ZipArchive(source, limits: limits) : nil
        } catch {
            guard !mustBeArchive, error.isOfTheFile else { throw error }
            archive = nil
        }
        guard archive != nil || !mustBeArchive else { throw .notAnArchive }
        let format = try FileFormat.detect(source, archive, named: name, for: helper)
        switch format {
        case .npz, .scaleout, .raw: return try weights(source, format, archive, helper, limits)
        case .npy: return stored(format, try readable { () throws(WeightsError) in try ArrayHeader.listed(source) })
        case .safetensors:
            return stored(format, try readable { () throws(WeightsError) in try SafetensorsHeader.arrays(of: source) })
        case .gguf:
            return stored(format, try readable { () throws(WeightsError) in try GGUFHeader.arrays(of: source) })
        case .pytorch, .onnx, .keras, .hdf5, .tflite, .pickle, .zip, .unknown: return stored(format, nil)
        }
    }

    /// The contents of a file that is stored, but not averaged.
    private static func stored(_ format: FileFormat, _ arrays: [NamedArray]?) -> ModelContents {
        let obstacle =
            "The file is \(format.phrase); averaged are .npz archives (numpyhelper), vectors without a header "
            + "(binaryhelper, androidhelper) and ScaleoutModel containers"
        return ModelContents(format: format, arrays: arrays, obstacle: obstacle)
    }

    /// The contents of a file in a format that is averaged.
    private static func weights(
        _ source: any ByteSource,
        _ format: FileFormat,
        _ archive: ZipArchive?,
        _ helper: WeightsFormat,
        _ limits: ModelLimits
    ) throws(WeightsError) -> ModelContents {
        do throws(WeightsError) {
            guard format != .npz || helper == .numpy else {
                throw .formatMismatch(expected: helper.helper, found: WeightsFormat.numpy.helper)
            }
            let model = try ModelFile.open(source, as: helper, limits: limits)
            let arrays = model.arrays.enumerated().map { index, array in
                NamedArray("\(model.namePrefix)\(index)", array.elementType.name, array.shape)
            }
            let obstacle: String?
            do throws(WeightsError) {
                try model.requireSameLayout(as: model)
                obstacle = nil
            } catch { obstacle = error.message }
            return ModelContents(format: format, arrays: arrays, obstacle: obstacle)
        } catch {
            guard error.isOfTheFile else { throw error }
            let arrays = try format == .npz ? archive.map(NumpyArchive.listed) : nil
            return ModelContents(format: format, arrays: arrays, obstacle: error.message)
        }
    }

    /// Runs a step that reads a header; nil if the header is damaged or unsupported.
    private static func readable<Value>(
        _ step: () throws(WeightsError) -> Value
    ) throws(WeightsError) -> Value? {
        do throws(WeightsError) { return try step() } catch {
            guard error.isOfTheFile else { throw error }
            return nil
        }
    }
}

extension WeightsError {
    /// Whether the file is to blame, rather than the disk it is read from.
    fileprivate var isOfTheFile: Bool {
        if case .unreadable = self { false } else { true }
    }
}

extension NumpyArchive {
    /// Describes the arrays of an archive that cannot be averaged, whatever they are called.
    fileprivate static func listed(_ archive: ZipArchive) throws(WeightsError) -> [ModelContents.NamedArray] {
        var arrays: [ModelContents.NamedArray] = []
        for member in archive.members {
            let name = String(member.name.dropLast(memberSuffix.utf8.count))
            do throws(WeightsError) {
                let (array, _) = try ArrayHeader.read(MemberReader(member, of: archive), member: member.name)
                arrays.append(ModelContents.NamedArray(name, array.elementType.name, array.shape))
            } catch .arrayHeader(_, .unsupportedElementType(let type)) {
                arrays.append(ModelContents.NamedArray(name, type, nil))
            } catch {
                guard error.isOfTheFile else { throw error }
                arrays.append(ModelContents.NamedArray(name, "unknown", nil))
            }
        }
        return arrays
    }
}

extension ArrayHeader {
    /// Describes the one array of an `.npy` file.
    fileprivate static func listed(_ source: any ByteSource) throws(WeightsError) -> [ModelContents.NamedArray] {
        let (array, _) = try read(RawReader(source), member: "the file")
        return [ModelContents.NamedArray("0", array.elementType.name, array.shape)]
    }
}
