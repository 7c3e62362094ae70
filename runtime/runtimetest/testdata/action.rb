def main(params)
  case params["do"]
  when "echo" then return params
  when "array" then return [1, "two", { three: 3 }]
  when "env" then return ENV.to_h
  when "error" then return { error: "no" }
  when "scalar" then return 5
  when "log"
    puts "to stdout ü"
    warn "to stderr ü"
  when "burst" then 1000.times { |n| puts "line #{n} #{'x' * 200}" }
  when "throw" then raise "thrown"
  when "exit"
    print "last words"
    exit!
  end
  {}
end
