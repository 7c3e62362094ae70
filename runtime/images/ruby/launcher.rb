# Runs a Ruby action as the child of Hearth's proxy.
#
# The first line on stdin says what to load: {"folder", "main", "env"}. The
# folder holds an unpacked archive with main.rb, or the source text as the file
# "exec". The next lines are requests in JSON; answers are lines of JSON on file
# descriptor 3.

require "json"

module Hearth
  module_function

  def load_action(folder, main)
    Dir.chdir(folder)
    $LOAD_PATH.unshift(folder)
    file = Dir.children(folder) == ["exec"] ? "exec" : "main.rb"
    raise "Zip file does not include main.rb at the top level." unless File.file?(file)

    load(File.join(folder, file))
    action = TOPLEVEL_BINDING.receiver
    raise "Action entrypoint '#{main}' is not a method." unless action.respond_to?(main, true)

    action.method(main)
  end

  def run(handler, line)
    request = JSON.parse(line)
    value = request.delete("value") || {}
    request.each { |key, text| ENV["__OW_#{key.upcase}"] = text.to_s }
    JSON.generate(handler.arity.zero? ? handler.call : handler.call(value))
  rescue StandardError => e
    warn e.full_message(highlight: false)
    JSON.generate("error" => e.message)
  end

  def serve
    answers = IO.for_fd(3, "wb")
    answers.sync = true
    answers.close_on_exec = true
    requests = $stdin.dup
    $stdin.reopen(File::NULL)
    $stdout.sync = $stderr.sync = true

    hello = requests.gets or return
    hello = JSON.parse(hello)
    ENV.update(hello["env"])
    begin
      handler = load_action(hello["folder"], hello["main"])
    rescue StandardError, ScriptError => e
      warn e.full_message(highlight: false)
      answers.puts JSON.generate("ok" => false, "error" => "Initialization has failed due to: #{e.message}")
      exit 1
    end
    answers.puts '{"ok":true}'
    while (line = requests.gets)
      answers.write(run(handler, line) + "\n")
    end
  end
end

Hearth.serve
