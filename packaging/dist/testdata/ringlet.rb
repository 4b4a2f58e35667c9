# Made by `make dist` from packaging/brew/ringlet.rb.tmpl, for a tap.
class Ringlet < Formula
  desc "Local LLM routing proxy per coding-agent profile, run by systemd or launchd"
  homepage "https://github.com/ringlet/ringlet"
  version "1.2.3"
  license "MIT"

  on_macos do
    on_arm do
      url "https://github.com/ringlet/ringlet/releases/download/v1.2.3/ringlet-1.2.3-darwin-arm64.tar.gz"
      sha256 "2b42ce3bed293705db91d71982cdd0ac166fc667348d213b7868fab1f74e1495"
    end
    on_intel do
      url "https://github.com/ringlet/ringlet/releases/download/v1.2.3/ringlet-1.2.3-darwin-amd64.tar.gz"
      sha256 "69f92840482dffd8c216256e7bdd43056a70bbbed11455d1b00465bececb4175"
    end
  end
  on_linux do
    on_arm do
      url "https://github.com/ringlet/ringlet/releases/download/v1.2.3/ringlet-1.2.3-linux-arm64.tar.gz"
      sha256 "b3e3ab55f887c56c0bd8bec3743b0fb54daaa17861e03db5133ef2835eb0da5a"
    end
    on_intel do
      url "https://github.com/ringlet/ringlet/releases/download/v1.2.3/ringlet-1.2.3-linux-amd64.tar.gz"
      sha256 "baf0239e48ff4c47ebac3ba02b5cf1506b69cd5a0c0d0c825a53ba65976fb942"
    end
  end

  def install
    bin.install "bin/ringlet"
    man1.install Dir["share/man/man1/*.1"]
    bash_completion.install "share/bash-completion/completions/ringlet"
    zsh_completion.install "share/zsh/site-functions/_ringlet"
    fish_completion.install "share/fish/vendor_completions.d/ringlet.fish"
    doc.install "README.md", "THIRD-PARTY-LICENSES", "docs"
  end

  def caveats
    <<~EOS
      Proxies that run take a new version up with: ringlet daemon restart
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/ringlet --version")
  end
end
