"""Ask the onnx package whether files are valid models; the answers go into checker.json beside this script. See checked-models.ts."""
import hashlib
import json
import pathlib
import sys

import onnx

folder = pathlib.Path(sys.argv[1])
models = []
for path in sorted(folder.glob("*.onnx")):
    try:
        onnx.checker.check_model(str(path), full_check=True)
        result = "ok"
    except Exception as error:  # every refusal is a finding
        result = str(error)
    models.append({"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "result": result})
    print(path.name, result)
pathlib.Path(__file__).with_name("checker.json").write_text(json.dumps({"onnx": onnx.__version__, "models": models}, indent=2) + "\n")
